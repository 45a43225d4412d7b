#include "door/mcp/message.h"

#include <gtest/gtest.h>

#include <string>

#include "base/tool_limits.h"

namespace threadrunner::mcp {
namespace {

using wire::Json;

/// A message of the newest revision, or of another one that says so in the same place.
Json modern(const std::string& method, const Json& revision = modern_revision) {
    return {{"jsonrpc", "2.0"},
            {"id", 1},
            {"method", method},
            {"params",
             {{"_meta",
               {{"io.modelcontextprotocol/protocolVersion", revision},
                {"io.modelcontextprotocol/clientCapabilities", Json::object()}}}}}};
}

Json request(const Json& members = Json::object()) {
    Json out = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "tools/list"}};
    out.update(members);
    return out;
}

/// The code and the id of the error that answers it; the code is 0 when it is fine.
std::pair<int, Json> refusal(const Result<Json>& document) {
    const auto message = read_message(document);
    if (message) {
        return {0, nullptr};
    }
    EXPECT_EQ(message.error().at("jsonrpc"), "2.0");
    EXPECT_FALSE(message.error().at("error").at("message").get<std::string>().empty());
    return {message.error().at("error").at("code").get<int>(), message.error().at("id")};
}

TEST(McpMessage, ARequestIsReadWithItsIdMethodAndParams) {
    for (const Json& id : {Json(0), Json("a"), Json(1.5)}) {
        const auto read = read_message(request({{"id", id}, {"params", {{"name", "x"}}}}));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->id, id);
        EXPECT_EQ(read->method, "tools/list");
        EXPECT_EQ(read->params.at("name"), "x");
        EXPECT_FALSE(read->modern);
    }
}

TEST(McpMessage, ANotificationHasNoId) {
    const auto read =
        read_message(Json{{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->id.is_null());
}

TEST(McpMessage, AnAnswerToWhatNobodyAskedIsLeftAlone) {
    const auto read = read_message(Json{{"jsonrpc", "2.0"}, {"id", 5}, {"result", Json::object()}});
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->id.is_null());
    EXPECT_EQ(read->method, "");
}

TEST(McpMessage, WhatIsNoMessageIsRefusedWithTheCodeOfJsonRpc) {
    const auto no_json = fail(ErrorCode::invalid_request, "no JSON");
    EXPECT_EQ(refusal(no_json), std::pair(code::parse_error, Json()));
    EXPECT_EQ(refusal(Json(7)), std::pair(code::invalid_request, Json()));
    EXPECT_EQ(refusal(Json::array({request()})), std::pair(code::invalid_request, Json()));
    EXPECT_EQ(refusal(Json{{"id", 4}, {"method", "ping"}}),
              std::pair(code::invalid_request, Json(4)));
    EXPECT_EQ(refusal(request({{"jsonrpc", "1.0"}})), std::pair(code::invalid_request, Json(1)));
    EXPECT_EQ(refusal(request({{"method", 7}})), std::pair(code::invalid_request, Json(1)));
    EXPECT_EQ(refusal(request({{"id", nullptr}})), std::pair(code::invalid_request, Json()));
    EXPECT_EQ(refusal(request({{"id", {1}}})), std::pair(code::invalid_request, Json()));
    const std::string long_id(limits::mcp_id_bytes_max + 1, 'x');
    EXPECT_EQ(refusal(request({{"id", long_id}})), std::pair(code::invalid_request, Json()));
    EXPECT_EQ(refusal(request({{"params", {1}}})), std::pair(code::invalid_params, Json(1)));
}

TEST(McpMessage, TheNewestRevisionIsKnownByWhatAMessageSaysOfItself) {
    const auto read = read_message(modern("tools/list"));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->modern);
    const auto greeting = read_message(modern("initialize"));
    ASSERT_TRUE(greeting);
    EXPECT_FALSE(greeting->modern) << "a handshake is of an older one, whatever it says";
}

TEST(McpMessage, AnUnknownRevisionIsRefusedWithThoseThatAreSpoken) {
    const auto read = read_message(modern("tools/list", "1999-12-31"));
    ASSERT_FALSE(read);
    const Json& error = read.error().at("error");
    EXPECT_EQ(error.at("code"), code::unsupported_revision);
    EXPECT_EQ(error.at("data").at("requested"), "1999-12-31");
    EXPECT_EQ(error.at("data").at("supported").at(0), modern_revision);
    EXPECT_EQ(refusal(modern("tools/list", 7)).first, code::invalid_params);
    Json without_capabilities = modern("tools/list");
    without_capabilities["params"]["_meta"].erase("io.modelcontextprotocol/clientCapabilities");
    EXPECT_EQ(refusal(without_capabilities).first, code::invalid_params);
}

TEST(McpMessage, OnlyTheNewestRevisionsResultsSayThatTheyAreComplete) {
    const Json old = result_document(*read_message(request()), Json::object());
    EXPECT_EQ(old, (Json{{"jsonrpc", "2.0"}, {"id", 1}, {"result", Json::object()}}));
    const Json now = result_document(*read_message(modern("tools/list")), Json::object());
    EXPECT_EQ(now.at("result").at("resultType"), "complete");
    EXPECT_EQ(now.at("result").at("_meta").at("io.modelcontextprotocol/serverInfo").at("name"),
              "threadrunner");
}

}  // namespace
}  // namespace threadrunner::mcp
