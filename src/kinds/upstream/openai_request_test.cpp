#include "kinds/upstream/openai_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

RouteRequest request_for(const Work& work) { return route_request(work); }

TEST(OpenAiRequest, AChatKeepsWhatEveryServerKnows) {
    work::Generate generate{.prompt = "hi"};
    generate.sampling.temperature = 0.5;
    generate.sampling.max_tokens = 8;
    const auto request = openai_request(request_for(generate), "the-first");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->path, "/v1/chat/completions");
    EXPECT_EQ(request->body, (Json{{"stream", true},
                                   {"temperature", 0.5},
                                   {"max_tokens", 8},
                                   {"model", "the-first"},
                                   {"messages", {{{"role", "user"}, {"content", "hi"}}}}}));
}

TEST(OpenAiRequest, AModelThatWasAskedForStays) {
    RouteRequest asked = request_for(work::Embed{.inputs = {"a"}});
    asked.body["model"] = "mine";
    const auto request = openai_request(std::move(asked), "the-first");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->body.at("model"), "mine");
}

TEST(OpenAiRequest, ASchemaIsSaidInOpenAisWords) {
    work::Generate generate{.prompt = "hi"};
    generate.json_schema = R"({"type":"object"})";
    const auto request = openai_request(request_for(generate), "");
    ASSERT_TRUE(request);
    EXPECT_FALSE(request->body.contains("json_schema"));
    EXPECT_EQ(request->body.at("response_format").at("json_schema").at("schema"),
              (Json{{"type", "object"}}));
    EXPECT_FALSE(request->body.contains("model"));
}

TEST(OpenAiRequest, WhatCannotBeSaidIsNotSupported) {
    work::Generate raw{.prompt = "hi", .raw = true};
    work::Generate grammar{.prompt = "hi"};
    grammar.grammar = "root ::= \"a\"";
    for (const auto& [work, words] :
         {std::pair<Work, const char*>{raw, "no bare prompt"},
          {grammar, "no grammars"},
          {work::Tokenize{.text = "a"}, "does not show its tokens"},
          {work::Detokenize{.tokens = {1}}, "does not show its tokens"}}) {
        const auto request = openai_request(request_for(work), "m");
        ASSERT_FALSE(request) << words;
        EXPECT_EQ(request.error().code, ErrorCode::not_supported);
        EXPECT_THAT(request.error().message, HasSubstr(words));
    }
}

TEST(OpenAiRequest, WhatIsPassedThroughGoesAsItIsWhereSuchAServerHasTheRoute) {
    const HttpRequest chat{.method = "POST", .path = "/v1/chat/completions", .body = "{}"};
    EXPECT_EQ(openai_request(chat)->body, "{}");
    const auto props = openai_request(HttpRequest{.path = "/props"});
    ASSERT_FALSE(props);
    EXPECT_EQ(props.error().code, ErrorCode::not_supported);
    EXPECT_THAT(props.error().message, HasSubstr("has no /props"));
}

}  // namespace
}  // namespace threadrunner
