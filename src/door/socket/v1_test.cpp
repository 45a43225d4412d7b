#include "door/socket/v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

#include "base/limits.h"

namespace threadrunner::socket_v1 {
namespace {

using testing::HasSubstr;
using wire::Json;

std::string fault_of(const Json& frame) {
    const auto request = decode_request(frame);
    if (request) {
        return "no fault";
    }
    EXPECT_EQ(request.error().code, ErrorCode::invalid_request);
    return request.error().message;
}

TEST(SocketV1, ReadsARequestAsOldClientsSendIt) {
    const auto request =
        decode_request({{"v", 1}, {"prompt", "Why?"}, {"stream", false}, {"extra", 7}});
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->prompt, "Why?");
    EXPECT_FALSE(request->stream);
}

TEST(SocketV1, AMissingOrWrongMemberIsNamed) {
    EXPECT_THAT(fault_of({{"v", 1}, {"stream", true}}), HasSubstr("lacks 'prompt'"));
    EXPECT_THAT(fault_of({{"v", 1}, {"prompt", "a"}}), HasSubstr("lacks 'stream'"));
    EXPECT_THAT(fault_of({{"prompt", 7}, {"stream", true}}), HasSubstr("'prompt' must be"));
    EXPECT_THAT(fault_of({{"prompt", "a"}, {"stream", 1}}), HasSubstr("'stream' must be"));
    EXPECT_THAT(fault_of({{"prompt", ""}, {"stream", true}}), HasSubstr("'prompt' is empty"));
    EXPECT_THAT(fault_of(Json::array()), HasSubstr("not an object"));
}

TEST(SocketV1, APromptIsOneChatOnTheDefaultModelWithABound) {
    const JobSpec spec = job_of({.prompt = "Why?"}, {.backend = "dummy", .model = "slots=1"});
    EXPECT_EQ(spec.backend, "dummy");
    EXPECT_EQ(spec.model, "slots=1");
    EXPECT_FALSE(spec.detached);
    const auto& generate = std::get<work::Generate>(spec.work);
    EXPECT_EQ(generate.prompt, "Why?");
    EXPECT_FALSE(generate.raw);
    EXPECT_EQ(generate.sampling.max_tokens, limits::v1_tokens_max);
}

TEST(SocketV1, FramesAreThoseThatOldClientsRead) {
    using std::string_literals::operator""s;
    std::string out;
    append_token(out, "Hi");
    EXPECT_EQ(out, "\x1A\0\0\0"s + R"({"eos":false,"token":"Hi"})");
    out.clear();
    append_end(out);
    EXPECT_EQ(out, "\x19\0\0\0"s + R"({"eos":true,"token":null})");
    out.clear();
    append_error(out, {.code = ErrorCode::timeout, .message = "too late"});
    EXPECT_EQ(out, "\x2B\0\0\0"s + R"({"error":"too late","error_type":"Timeout"})");
}

}  // namespace
}  // namespace threadrunner::socket_v1
