#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tool/rounds/dialogue.h"

namespace threadrunner::tool {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using wire::Json;

class ChatDialogueTest : public testing::Test {
protected:
    ChatDialogueTest() { dialogue_->offer({{.name = "disc_read", .tool = "disc", .op = "read"}}); }

    /// Asks, and hears an answer of this type; what its client heard.
    std::string hear(const std::string& type, const std::vector<std::string>& pieces) {
        const Work asked = dialogue_->request();
        asked_ = Json::parse(std::get<work::Route>(asked).body);
        std::vector<Event> out;
        dialogue_->hear(event::Head{.content_type = type}, out);
        for (const std::string& piece : pieces) {
            dialogue_->hear(event::Body{.data = piece}, out);
        }
        return told(out);
    }
    std::string stream(const std::vector<std::string>& chunks) {
        std::string all;
        for (const std::string& chunk : chunks) {
            all += "data: " + chunk + "\n\n";
        }
        all += "data: [DONE]\n\n";
        std::vector<std::string> pieces;  // cut anywhere
        for (std::size_t at = 0; at < all.size(); at += 7) {
            pieces.push_back(all.substr(at, 7));
        }
        return hear("text/event-stream", pieces);
    }
    std::string finish(const std::vector<ModelCall>& calls = {}) {
        std::vector<Event> out;
        dialogue_->finish(
            calls, {.usage = event::Usage{.prompt = 30, .cached = 20, .completion = 5}}, out);
        EXPECT_TRUE(std::holds_alternative<event::Done>(out.back()));
        return told(out);
    }
    static std::string told(const std::vector<Event>& events) {
        std::string out;
        for (const Event& event : events) {
            if (const auto* body = std::get_if<event::Body>(&event)) {
                out += body->data;
            } else if (std::holds_alternative<event::Head>(event)) {
                out += "HEAD ";
            }
        }
        return out;
    }

    std::unique_ptr<Dialogue> dialogue_ = chat_dialogue(
        {.path = "/v1/chat/completions", .body = R"({"messages":[{"role":"user"}]})"});
    Json asked_;
};

const std::string role = R"({"choices":[{"delta":{"content":null,"role":"assistant"}}]})";
const std::string text = R"({"choices":[{"delta":{"content":"Hi"}}]})";
const std::string begins =
    R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","type":"function",)"
    R"("function":{"name":"disc_read","arguments":""}}]}}]})";
const std::string goes_on = R"({"choices":[{"delta":{"tool_calls":[{"index":0,)"
                            R"("function":{"arguments":"{\"path\":1}"}}]}}]})";
const std::string calls_end =
    R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}],"timings":{}})";
const std::string stops = R"({"choices":[{"delta":{},"finish_reason":"stop"}]})";
const std::string usage =
    R"({"choices":[],"usage":{"completion_tokens":1,"prompt_tokens":2,"total_tokens":3,)"
    R"("prompt_tokens_details":{"cached_tokens":1}}})";

TEST_F(ChatDialogueTest, StreamsTextAndKeepsCallsAndTheEndBack) {
    EXPECT_EQ(stream({role, text, begins, goes_on, calls_end, usage}),
              "HEAD data: " + role + "\n\ndata: " + text + "\n\n");
    const auto calls = dialogue_->calls();
    ASSERT_THAT(calls, SizeIs(1));
    EXPECT_EQ(calls[0].id, "x");
    EXPECT_EQ(calls[0].name, "disc_read");
    EXPECT_EQ(calls[0].arguments, R"({"path":1})");
}

TEST_F(ChatDialogueTest, ManyAnswersAreOneStreamWithTheUsageOfAll) {
    stream({role, text, begins, goes_on, calls_end, usage});
    dialogue_->go_on({{.call = dialogue_->calls()[0], .text = "result"}});
    const std::string heard = stream({role, text, stops, usage});
    EXPECT_EQ(heard, "data: " + text + "\n\n") << "who speaks has been said, and so the head";
    ASSERT_EQ(asked_["messages"].size(), 3U);
    EXPECT_EQ(asked_["messages"][1]["content"], "Hi");
    EXPECT_EQ(asked_["messages"][1]["tool_calls"][0]["id"], "x");
    EXPECT_EQ(asked_["messages"][2]["content"], "result");
    EXPECT_THAT(dialogue_->calls(), IsEmpty());
    const std::string end = finish();
    EXPECT_THAT(end, HasSubstr(R"("finish_reason":"stop")"));
    EXPECT_THAT(end, HasSubstr(R"("prompt_tokens":30)"));
    EXPECT_THAT(end, HasSubstr(R"("total_tokens":35)"));
    EXPECT_THAT(end, HasSubstr(R"("cached_tokens":20)"));
    EXPECT_TRUE(end.ends_with("data: [DONE]\n\n"));
}

TEST_F(ChatDialogueTest, CallsThatAreTheClientsCloseTheStream) {
    stream({begins, goes_on, calls_end});
    const std::string end = finish({{.id = "y", .name = "mine", .arguments = "{}"}});
    EXPECT_THAT(end, HasSubstr(R"("name":"mine")"));
    EXPECT_THAT(end, HasSubstr(R"("index":0)"));
    EXPECT_THAT(end, HasSubstr(R"("finish_reason":"tool_calls")"));
    EXPECT_LT(end.find("mine"), end.find(R"("finish_reason":"tool_calls")"));
}

TEST_F(ChatDialogueTest, ADocumentIsTheLastAnswerWithTheUsageOfAll) {
    const std::string first =
        R"({"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[{"id":"x",)"
        R"("function":{"name":"disc_read","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})";
    EXPECT_EQ(hear("application/json", {first.substr(0, 9), first.substr(9)}), "HEAD ");
    const auto calls = dialogue_->calls();
    ASSERT_THAT(calls, SizeIs(1));
    dialogue_->go_on({{.call = calls[0], .text = "result"}});
    EXPECT_EQ(
        hear("application/json", {R"({"choices":[{"message":{"role":"assistant","content":"So"}}],)"
                                  R"("usage":{"prompt_tokens":1}})"}),
        "");
    EXPECT_EQ(asked_["messages"][2]["content"], "result");
    EXPECT_THAT(dialogue_->calls(), IsEmpty());
    const Json document = Json::parse(finish());
    EXPECT_EQ(document["choices"][0]["message"]["content"], "So");
    EXPECT_EQ(document["usage"]["prompt_tokens"], 30);
}

TEST_F(ChatDialogueTest, WhatIsNoAnswerIsPassedOnAsItIs) {
    hear("application/json", {"nonsense"});
    EXPECT_THAT(dialogue_->calls(), IsEmpty());
    EXPECT_EQ(finish(), "nonsense");
}

}  // namespace
}  // namespace threadrunner::tool
