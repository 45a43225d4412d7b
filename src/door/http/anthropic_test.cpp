#include "door/http/anthropic.h"

#include <gtest/gtest.h>

namespace threadrunner::http {
namespace {

using wire::Json;

TEST(AnthropicErrors, HaveTheStatusesAndTypesThatItsClientsKnow) {
    const auto told = [](ErrorCode code) {
        const Answer answer = error_answer({.code = code, .message = "why"}, anthropic_errors());
        const Json document = Json::parse(answer.body);
        EXPECT_EQ(document["type"], "error");
        EXPECT_EQ(document["error"]["message"], "why");
        return std::to_string(answer.status) + " " + document["error"]["type"].get<std::string>();
    };
    EXPECT_EQ(told(ErrorCode::context_exceeded), "400 invalid_request_error");
    EXPECT_EQ(told(ErrorCode::not_supported), "400 invalid_request_error");
    EXPECT_EQ(told(ErrorCode::unauthorized), "401 authentication_error");
    EXPECT_EQ(told(ErrorCode::unknown_model), "404 not_found_error");
    EXPECT_EQ(told(ErrorCode::too_large), "413 request_too_large");
    EXPECT_EQ(told(ErrorCode::overloaded), "429 rate_limit_error");
    EXPECT_EQ(told(ErrorCode::worker_crashed), "500 api_error");
    EXPECT_EQ(told(ErrorCode::out_of_memory), "529 overloaded_error");
}

TEST(AnthropicErrors, WhoIsOverloadedSaysWhenToComeBack) {
    const Answer answer = error_answer({.code = ErrorCode::unreachable}, anthropic_errors());
    EXPECT_EQ(answer.status, 529U);
    EXPECT_EQ(header_value(answer.headers, "retry-after"), "1");
}

TEST(AnthropicErrors, InAStreamAreAnEventOfThatName) {
    EXPECT_EQ(anthropic_errors().stream_event({.code = ErrorCode::internal, .message = "why"}),
              "event: error\ndata: "
              R"({"error":{"message":"why","type":"api_error"},"type":"error"})"
              "\n\n");
}

}  // namespace
}  // namespace threadrunner::http
