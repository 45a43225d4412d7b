#include "door/http/mcp.h"

#include <gtest/gtest.h>

#include <string>

namespace threadrunner::http {
namespace {

/// The code of what is wrong with the headers of a message; 0: nothing.
int code_of(const std::vector<Header>& headers, const mcp::Message& message) {
    const Request request{.method = "POST", .path = "/mcp", .headers = headers};
    const auto fault = fault_in_headers(request, message);
    return fault ? fault->code : 0;
}

TEST(McpOverHttp, AnOlderMessageMayNameARevisionThatIsSpoken) {
    const mcp::Message message{.id = 1, .method = "tools/list"};
    EXPECT_EQ(code_of({}, message), 0);
    EXPECT_EQ(code_of({{"mcp-protocol-version", "2025-06-18"}}, message), 0);
    EXPECT_EQ(code_of({{"mcp-protocol-version", "1999-12-31"}}, message),
              mcp::code::unsupported_revision);
    EXPECT_EQ(code_of({{"mcp-protocol-version", "2026-07-28"}}, message), mcp::code::invalid_params)
        << "it does not say so itself";
}

TEST(McpOverHttp, ANewMessageAndItsHeadersAgree) {
    const mcp::Message message{
        .id = 1, .method = "tools/call", .params = {{"name", "text_grep"}}, .modern = true};
    const std::vector<Header> right = {{"mcp-protocol-version", "2026-07-28"},
                                       {"mcp-method", "tools/call"},
                                       {"mcp-name", "text_grep"}};
    EXPECT_EQ(code_of(right, message), 0);
    for (std::size_t i = 0; i < right.size(); ++i) {
        auto wrong = right;
        wrong[i].second = "2025-11-25";
        EXPECT_EQ(code_of(wrong, message), mcp::code::header_mismatch) << right[i].first;
        wrong.erase(wrong.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_EQ(code_of(wrong, message), mcp::code::header_mismatch) << right[i].first;
    }
    auto encoded = right;
    encoded[2].second = "=?base64?dGV4dF9ncmVw?=";
    EXPECT_EQ(code_of(encoded, message), 0);
    encoded[2].second = "=?base64?***?=";
    EXPECT_EQ(code_of(encoded, message), mcp::code::header_mismatch);
}

TEST(McpOverHttp, TheAnswerIsOfATypeThatTheClientTakes) {
    EXPECT_EQ(answer_type(""), "application/json");
    EXPECT_EQ(answer_type("application/json, text/event-stream"), "application/json");
    EXPECT_EQ(answer_type("*/*"), "application/json");
    EXPECT_EQ(answer_type("text/html, Application/JSON;q=0.5"), "application/json");
    EXPECT_EQ(answer_type("text/event-stream"), "text/event-stream");
    EXPECT_EQ(answer_type("text/html"), "");
}

}  // namespace
}  // namespace threadrunner::http
