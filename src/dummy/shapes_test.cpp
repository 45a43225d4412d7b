#include "dummy/shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace threadrunner::dummy {
namespace {

using ::testing::EndsWith;
using wire::Json;

Exchange exchange_for(const std::string& prompt) {
    Exchange exchange;
    exchange.id = 7;
    exchange.slot = 2;
    exchange.created = 1000;
    exchange.prompt_tokens = 4;
    exchange.prompt_ms = 10;
    exchange.predicted_ms = 20;
    exchange.answer = make_answer(prompt, std::nullopt, {});
    exchange.request.prompt = prompt;
    return exchange;
}

/// The documents of a chunk of server-sent events; [DONE] is left out.
std::vector<Json> events_of(std::string_view chunk) {
    std::vector<Json> events;
    while (!chunk.empty()) {
        const std::size_t end = chunk.find("\n\n");
        EXPECT_NE(end, std::string_view::npos) << "an event without its blank line";
        EXPECT_TRUE(chunk.starts_with("data: "));
        const std::string_view data = chunk.substr(6, end - 6);
        if (data != "[DONE]") {
            events.push_back(Json::parse(data));
        }
        chunk.remove_prefix(end + 2);
    }
    return events;
}

TEST(DummyShapes, ACompletionsTokenIsLlamaServersChunk) {
    const Exchange exchange = exchange_for("say \"hi\"\\");
    const auto events = events_of(completion_shapes().token(exchange, 6));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0], Json::parse(R"({"index":0,"content":" \"hi.","tokens":[],"stop":false,
        "id_slot":2,"tokens_predicted":7,"tokens_evaluated":4})"));
}

TEST(DummyShapes, TheFirstWordsOfAChatCanBeReasoning) {
    Exchange exchange = exchange_for("hi");
    exchange.thought = 2;
    const auto delta_of = [&](std::size_t index) {
        return events_of(chat_shapes().token(exchange, index)).back()["choices"][0]["delta"];
    };
    EXPECT_EQ(delta_of(1), (Json{{"reasoning_content", " ipsum"}}));
    EXPECT_EQ(delta_of(2), (Json{{"content", " dolor"}}));
    const Json message = Json::parse(chat_shapes().document(exchange))["choices"][0]["message"];
    EXPECT_EQ(message["reasoning_content"], "lorem ipsum");
    EXPECT_EQ(message["content"], " dolor sit amet hi.");
}

TEST(DummyShapes, ACompletionEndsWithItsReasonAndTimings) {
    Exchange exchange = exchange_for("hi");
    auto last = events_of(completion_shapes().last(exchange)).at(0);
    EXPECT_EQ(last["stop"], true);
    EXPECT_EQ(last["content"], "");
    EXPECT_EQ(last["stop_type"], "eos");
    EXPECT_EQ(last["tokens_predicted"], 6);
    EXPECT_EQ(last["timings"]["predicted_per_second"], 300);
    EXPECT_EQ(last["timings"]["prompt_n"], 4);
    exchange.answer.reason = event::Reason::length;
    EXPECT_EQ(events_of(completion_shapes().last(exchange)).at(0)["stop_type"], "limit");
}

TEST(DummyShapes, AChatOpensWithTheRoleAndEndsWithDone) {
    const Exchange exchange = exchange_for("hi");
    const auto first = events_of(chat_shapes().token(exchange, 0));
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0]["choices"][0]["delta"],
              Json::parse(R"({"role":"assistant","content":null})"));
    EXPECT_EQ(first[1], Json::parse(R"({"choices":[{"finish_reason":null,"index":0,
        "delta":{"content":"lorem"}}],"created":1000,"id":"chatcmpl-7","model":"dummy",
        "system_fingerprint":")" + first[1]["system_fingerprint"].get<std::string>() +
                                    R"(","object":"chat.completion.chunk"})"));
    const std::string end = chat_shapes().last(exchange);
    EXPECT_THAT(end, EndsWith("}\n\ndata: [DONE]\n\n"));
    const Json last = events_of(end).at(0);
    EXPECT_EQ(last["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(last["choices"][0]["delta"], Json::object());
    EXPECT_TRUE(last.contains("timings"));
}

TEST(DummyShapes, AChatTellsItsUsageInAChunkOfItsOwnWhenAsked) {
    Exchange exchange = exchange_for("hi");
    exchange.request.include_usage = true;
    const auto events = events_of(chat_shapes().last(exchange));
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1]["choices"], Json::array());
    EXPECT_EQ(events[1]["usage"]["total_tokens"], 10);
}

TEST(DummyShapes, DocumentsHoldTheWholeAnswer) {
    const Exchange exchange = exchange_for("hi");
    const Json completion = Json::parse(completion_shapes().document(exchange));
    EXPECT_EQ(completion["content"], "lorem ipsum dolor sit amet hi.");
    const Json chat = Json::parse(chat_shapes().document(exchange));
    EXPECT_EQ(chat["choices"][0]["message"]["content"], "lorem ipsum dolor sit amet hi.");
    EXPECT_EQ(chat["object"], "chat.completion");
    EXPECT_EQ(chat["usage"]["completion_tokens"], 6);
}

TEST(DummyShapes, SeveralAnswersStandSideBySide) {
    Exchange exchange = exchange_for("hi");
    exchange.request.answers = 2;
    for (const Shapes* shapes : {&chat_shapes(), &text_shapes()}) {
        const Json document = Json::parse(shapes->document(exchange));
        ASSERT_EQ(document["choices"].size(), 2U);
        EXPECT_EQ(document["choices"][1]["index"], 1);
        EXPECT_EQ(document["usage"]["completion_tokens"], 12);
        const auto tokens = events_of(shapes->token(exchange, 1));
        ASSERT_EQ(tokens.size(), 2U);
        EXPECT_EQ(tokens[0]["choices"][0]["index"], 0);
        EXPECT_EQ(tokens[1]["choices"][0]["index"], 1);
        const auto ends = events_of(shapes->last(exchange));
        ASSERT_EQ(ends.size(), 2U);
        EXPECT_EQ(ends[1]["choices"][0]["finish_reason"], "stop");
    }
    EXPECT_EQ(events_of(completion_shapes().token(exchange, 0)).at(1)["index"], 1);
    EXPECT_EQ(Json::parse(completion_shapes().document(exchange)).size(), 2U);
}

TEST(DummyShapes, AToolIsCalledInPlaceOfAText) {
    Exchange exchange = exchange_for("hi");
    exchange.request.tool = "look_up";
    exchange.answer = {.tokens = {R"({"a":1})"}, .reason = event::Reason::tool_calls};
    const Json function = Json::parse(R"({"name":"look_up","arguments":"{\"a\":1}"})");
    const auto events = events_of(chat_shapes().token(exchange, 0));
    EXPECT_EQ(events.back()["choices"][0]["delta"]["tool_calls"][0]["function"], function);
    const Json chat = Json::parse(chat_shapes().document(exchange));
    EXPECT_EQ(chat["choices"][0]["message"]["tool_calls"][0]["function"], function);
    EXPECT_EQ(chat["choices"][0]["message"]["content"], nullptr);
    EXPECT_EQ(chat["choices"][0]["finish_reason"], "tool_calls");
}

TEST(DummyShapes, ATextIsContinuedInOpenAisOlderShape) {
    const Exchange exchange = exchange_for("hi");
    const Json whole = Json::parse(text_shapes().document(exchange));
    EXPECT_EQ(whole["choices"][0]["text"], "lorem ipsum dolor sit amet hi.");
    EXPECT_EQ(whole["object"], "text_completion");
    EXPECT_EQ(events_of(text_shapes().token(exchange, 1)).at(0)["choices"][0]["text"], " ipsum");
    EXPECT_EQ(events_of(text_shapes().last(exchange)).at(0)["choices"][0]["finish_reason"], "stop");
}

TEST(DummyShapes, ProgressSaysHowMuchOfThePromptIsRead) {
    const Exchange exchange = exchange_for("hi");
    const Json expected = Json::parse(R"({"total":4,"cache":0,"processed":3,"time_ms":12})");
    for (const Shapes* shapes : {&completion_shapes(), &chat_shapes()}) {
        EXPECT_EQ(events_of(shapes->progress(exchange, 3, 12.5)).at(0)["prompt_progress"],
                  expected);
    }
}

TEST(DummyShapes, AFailureIsLlamaServersErrorObject) {
    EXPECT_EQ(Json::parse(error_document("why")),
              Json::parse(R"({"error":{"code":500,"message":"why","type":"server_error"}})"));
    EXPECT_EQ(events_of(chat_shapes().error("why")).at(0)["error"]["message"], "why");
}

/// The names of a stream's events, each followed by a blank, and their data.
struct NamedEvents {
    std::string names;
    std::vector<Json> data;
};

NamedEvents named_events(std::string_view stream) {
    NamedEvents out;
    while (!stream.empty()) {
        const std::size_t end = stream.find("\n\n");
        const std::string_view event = stream.substr(0, end);
        const std::size_t line = event.find('\n');
        EXPECT_TRUE(event.starts_with("event: ")) << event;
        out.names += std::string(event.substr(7, line - 7)) + " ";
        out.data.push_back(Json::parse(event.substr(line + 7)));
        stream.remove_prefix(end + 2);
    }
    return out;
}

std::string whole_stream(const Shapes& shapes, const Exchange& exchange) {
    std::string out;
    for (std::size_t i = 0; i < exchange.answer.tokens.size(); ++i) {
        out += shapes.token(exchange, i);
    }
    return out + shapes.last(exchange);
}

Exchange call_of(std::string_view tool) {
    Exchange exchange = exchange_for("hi");
    exchange.request.tool = tool;
    exchange.answer = {.tokens = {R"({"a":1})"}, .reason = event::Reason::tool_calls};
    return exchange;
}

TEST(DummyShapes, AnthropicsMessagesOpenFillAndCloseTheirBlocks) {
    Exchange exchange = exchange_for("");
    exchange.thought = 1;
    const NamedEvents events = named_events(whole_stream(message_shapes(), exchange));
    EXPECT_EQ(events.names,
              "message_start content_block_start content_block_delta content_block_start "
              "content_block_delta content_block_delta content_block_delta content_block_delta "
              "content_block_stop content_block_stop message_delta message_stop ");
    EXPECT_EQ(events.data[0]["message"]["usage"]["input_tokens"], 4);
    EXPECT_EQ(events.data[2]["delta"]["thinking"], "lorem");
    EXPECT_EQ(events.data[4]["index"], 1);
    EXPECT_EQ(events.data[4]["delta"], Json::parse(R"({"type":"text_delta","text":" ipsum"})"));
    EXPECT_EQ(events.data[10]["delta"]["stop_reason"], "end_turn");
    const Json whole = Json::parse(message_shapes().document(exchange));
    EXPECT_EQ(whole["content"][0]["thinking"], "lorem");
    EXPECT_EQ(whole["content"][1]["text"], " ipsum dolor sit amet");
}

TEST(DummyShapes, AnthropicsMessagesCallATool) {
    const Exchange exchange = call_of("look_up");
    const NamedEvents events = named_events(whole_stream(message_shapes(), exchange));
    EXPECT_EQ(events.names,
              "message_start content_block_start content_block_delta content_block_stop "
              "message_delta message_stop ");
    EXPECT_EQ(events.data[1]["content_block"]["name"], "look_up");
    EXPECT_EQ(events.data[2]["delta"]["partial_json"], R"({"a":1})");
    const Json whole = Json::parse(message_shapes().document(exchange));
    EXPECT_EQ(whole["content"][0]["input"], Json::parse(R"({"a":1})"));
    EXPECT_EQ(whole["stop_reason"], "tool_use");
}

TEST(DummyShapes, AnthropicsMessagesFailInAnEventOfItsOwnName) {
    const NamedEvents events = named_events(message_shapes().error("why"));
    EXPECT_EQ(events.names, "error ");
    EXPECT_EQ(events.data[0]["message"], "why");
}

TEST(DummyShapes, ResponsesTellTheirItemsAsTheyGrowAndAtTheEnd) {
    const Exchange exchange = exchange_for("");
    const NamedEvents events = named_events(whole_stream(response_shapes(), exchange));
    EXPECT_EQ(events.names,
              "response.created response.in_progress response.output_item.added "
              "response.content_part.added response.output_text.delta response.output_text.delta "
              "response.output_text.delta response.output_text.delta response.output_text.delta "
              "response.output_text.done response.content_part.done response.output_item.done "
              "response.completed ");
    const Json whole = Json::parse(response_shapes().document(exchange));
    EXPECT_EQ(whole["output"][0]["content"][0]["text"], "lorem ipsum dolor sit amet");
    EXPECT_EQ(events.data.back()["response"]["output"], whole["output"]);
}

TEST(DummyShapes, ResponsesCallATool) {
    const Exchange exchange = call_of("look_up");
    const NamedEvents events = named_events(whole_stream(response_shapes(), exchange));
    EXPECT_EQ(events.data[3]["delta"], R"({"a":1})");
    const Json item = Json::parse(response_shapes().document(exchange))["output"][0];
    EXPECT_EQ(item["type"], "function_call");
    EXPECT_EQ(item["arguments"], R"({"a":1})");
    EXPECT_EQ(events.data.back()["response"]["output"][0], item);
}

}  // namespace
}  // namespace threadrunner::dummy
