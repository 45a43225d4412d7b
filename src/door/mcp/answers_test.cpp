#include "door/mcp/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/tool_limits.h"

namespace threadrunner::mcp {
namespace {

using testing::HasSubstr;
using testing::Not;
using wire::Json;

Json initialize(const std::string& revision, const Client& client = {}) {
    const Message message{
        .id = 1, .method = "initialize", .params = {{"protocolVersion", revision}}};
    return answer_at_once(message, client).value();
}

TEST(McpAnswers, TheRevisionAskedForIsAgreedOnIfItIsKnown) {
    for (const std::string_view revision : handshake_revisions) {
        EXPECT_EQ(initialize(std::string(revision)).at("protocolVersion"), revision);
    }
    EXPECT_EQ(initialize("1999-12-31").at("protocolVersion"), "2025-11-25");
    EXPECT_EQ(initialize("2026-07-28").at("protocolVersion"), "2025-11-25")
        << "that one has no handshake";
    EXPECT_TRUE(initialize("2025-11-25").at("capabilities").contains("tools"));
}

TEST(McpAnswers, TheInstructionsSayWhichDirectoriesThereAre) {
    Client client{.directories = {{.host = "/srv/music", .guest = "/m", .writable = true},
                                  {.host = "/srv/books", .guest = "/b"}}};
    const auto told = [&] {
        return initialize("2025-11-25", client).at("instructions").get<std::string>();
    };
    EXPECT_THAT(told(), HasSubstr("/srv/books (to read only)"));
    EXPECT_THAT(told(), Not(HasSubstr("/srv/music (to read only)")));
    client.read_only = true;
    EXPECT_THAT(told(), HasSubstr("/srv/music (to read only)"));
}

TEST(McpAnswers, EachRevisionHasItsMethods) {
    const auto code_of = [](const std::string& method, bool modern) {
        const Message message{.id = 1, .method = method, .modern = modern};
        const auto answer = answer_at_once(message, {});
        return answer ? 0 : answer.error().code;
    };
    EXPECT_EQ(code_of("ping", false), 0);
    EXPECT_EQ(code_of("ping", true), code::method_not_found);
    EXPECT_EQ(code_of("server/discover", true), 0);
    EXPECT_EQ(code_of("server/discover", false), code::method_not_found);
    EXPECT_EQ(code_of("resources/list", false), code::method_not_found);
}

TEST(McpAnswers, AToolSaysWhetherItWritesAndWhatItTakes) {
    const tool::Function writes{.name = "taglib_write_tags",
                                .summary = "Changes tags.",
                                .parameters = {{"properties", Json::object()}},
                                .writes = true};
    const Json old = tool_listing({}, {writes});
    const Json& listed = old.at("tools").at(0);
    EXPECT_EQ(listed.at("name"), "taglib_write_tags");
    EXPECT_EQ(listed.at("description"), "Changes tags.");
    EXPECT_EQ(listed.at("inputSchema").at("type"), "object");
    EXPECT_EQ(listed.at("annotations"),
              (Json{{"readOnlyHint", false}, {"destructiveHint", true}, {"openWorldHint", false}}));
    EXPECT_FALSE(old.contains("ttlMs"));
    EXPECT_EQ(tool_listing({.modern = true}, {writes}).at("ttlMs"), 0);
}

TEST(McpAnswers, WhatAToolSaysComesAsTextAndAsData) {
    const Json said = {{"ok", true}, {"words", 3}};
    const Json result = call_result(said);
    EXPECT_EQ(result.at("structuredContent"), said);
    EXPECT_EQ(wire::decode_json(result.at("content").at(0).at("text").get<std::string>()), said);
    EXPECT_FALSE(result.at("isError"));
}

TEST(McpAnswers, WhatWentWrongIsAnErrorThatAModelCanRead) {
    const Json failure =
        call_failure({.code = ErrorCode::worker_crashed, .message = "it crashed at a.mp3"});
    EXPECT_TRUE(failure.at("isError"));
    EXPECT_EQ(failure.at("content").at(0).at("text"), "it crashed at a.mp3");
    EXPECT_EQ(failure.at("structuredContent").at("code"), "worker_crashed");
}

TEST(McpAnswers, AnAnswerThatNoFrameCouldHoldIsAnError) {
    const Json result = call_result({{"text", std::string(limits::mcp_reply_bytes_max, 'x')}});
    EXPECT_TRUE(result.at("isError"));
    EXPECT_EQ(result.at("structuredContent").at("code"), "too_large");
}

}  // namespace
}  // namespace threadrunner::mcp
