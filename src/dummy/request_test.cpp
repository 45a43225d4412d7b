#include "dummy/request.h"

#include <gtest/gtest.h>

namespace threadrunner::dummy {
namespace {

using wire::Json;

TEST(DummyRequest, AnthropicsMembersAreReadByTheirNames) {
    const auto request = decode_message(Json::parse(R"({
        "max_tokens": 7, "stop_sequences": ["."], "system": [{"type": "text", "text": "be brief"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        "tools": [{"name": "look_up"}], "tool_choice": {"type": "any"}})"));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->prompt, "hi");
    EXPECT_EQ(request->earlier, "be brief ");
    EXPECT_EQ(request->tokens_max, 7);
    EXPECT_EQ(request->stop, std::vector<std::string>{"."});
    EXPECT_EQ(request->tool, "look_up");
}

TEST(DummyRequest, AToolIsNamedByAChoiceAndNoneIsCalledWithoutOne) {
    const auto tool_of = [](const char* choice) {
        Json body = Json::parse(R"({"messages": [{"role": "user", "content": "hi"}],
            "tools": [{"name": "first"}, {"name": "second"}]})");
        body["tool_choice"] = Json::parse(choice);
        return decode_message(body).value().tool;
    };
    EXPECT_EQ(tool_of(R"({"type": "tool", "name": "second"})"), "second");
    EXPECT_EQ(tool_of(R"({"type": "auto"})"), "");
    EXPECT_EQ(tool_of("null"), "");
}

TEST(DummyRequest, APromptMayBeAScriptOfCalls) {
    const Json tools = {{{"type", "function"}, {"function", {{"name", "first"}}}},
                        {{"type", "function"}, {"function", {{"name", "second"}}}}};
    Json messages = {{{"role", "user"}, {"content", "first {\"a\": 1}\nsecond {}"}}};
    const auto read = [&] {
        return decode_chat({{"messages", messages}, {"tools", tools}}).value();
    };
    EXPECT_EQ(read().tool, "first");
    EXPECT_EQ(read().arguments, (Json{{"a", 1}}));
    messages.push_back({{"role", "assistant"}, {"content", ""}});
    messages.push_back({{"role", "tool"}, {"content", "one"}});
    EXPECT_EQ(read().tool, "second");
    messages.push_back({{"role", "tool"}, {"content", "two"}});
    EXPECT_EQ(read().tool, "");
    EXPECT_EQ(read().prompt, "two");

    for (const char* other : {"third {}", "first", "first {", "first []", "say first {}", ""}) {
        messages = {{{"role", "user"}, {"content", other}}};
        EXPECT_EQ(read().tool, "") << other;
        EXPECT_EQ(read().prompt, other);
    }
}

TEST(DummyRequest, AResponsesInputIsATextOrAListOfItems) {
    const auto text = decode_response({{"input", "hi"}, {"max_output_tokens", 2}});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(text->prompt, "hi");
    EXPECT_EQ(text->tokens_max, 2);
    const auto list = decode_response(Json::parse(R"({"instructions": "be brief", "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]}]})"));
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(list->prompt, "hi");
    EXPECT_EQ(decode_response({{"input", 7}}).error().code, ErrorCode::invalid_request);
}

}  // namespace
}  // namespace threadrunner::dummy
