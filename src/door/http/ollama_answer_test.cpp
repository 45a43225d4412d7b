#include "door/http/ollama_answer.h"

#include <gtest/gtest.h>

namespace threadrunner::http {
namespace {

using namespace std::chrono_literals;
using wire::Json;

const Clock::time_point asked = Clock::time_point(100s);

/// Without the time of day.
Json timeless(Json document) {
    document.erase("created_at");
    return document;
}

TEST(OllamaAnswer, AChatIsToldInPiecesAndEndsWithItsFigures) {
    const auto answer = ollama_chat_answer("m", asked);
    answer->take(event::Load{.stage = "model", .fraction = 0}, asked + 10ms);
    EXPECT_TRUE(answer->piece().is_null());
    answer->take(event::Load{.stage = "model", .fraction = 1}, asked + 30ms);
    answer->take(event::Token{.text = "Hel"}, asked + 40ms);
    answer->take(event::Token{.text = "lo"}, asked + 40ms);
    EXPECT_EQ(
        timeless(answer->piece()),
        Json::parse(
            R"({"model":"m","done":false,"message":{"role":"assistant","content":"Hello"}})"));
    EXPECT_TRUE(answer->piece().is_null()) << "it is told once";
    const event::Done done{.reason = event::Reason::length,
                           .usage = event::Usage{.prompt = 5, .cached = 2, .completion = 2},
                           .timings = {{"prompt_ms", 1.5}, {"predicted_ms", 2}}};
    EXPECT_EQ(timeless(answer->last(done, asked + 50ms)), Json::parse(R"({
        "model":"m","done":true,"done_reason":"length",
        "message":{"role":"assistant","content":""},
        "total_duration":50000000,"load_duration":20000000,
        "prompt_eval_count":5,"prompt_eval_duration":1500000,
        "eval_count":2,"eval_duration":2000000})"));
}

TEST(OllamaAnswer, WhatWasNotToldInPiecesIsInTheLast) {
    const auto answer = ollama_generate_answer("m", asked);
    answer->take(event::Reasoning{.text = "hm"}, asked);
    answer->take(event::Token{.text = "Hello"}, asked);
    const Json last = answer->last({}, asked);
    EXPECT_EQ(last["thinking"], "hm");
    EXPECT_EQ(last["response"], "Hello");
    EXPECT_EQ(last["done_reason"], "stop");
}

TEST(OllamaAnswer, CallsOfToolsHaveTheirArgumentsAsAnObject) {
    const auto answer = ollama_chat_answer("m", asked);
    answer->take(event::ToolCall{.name = "a", .arguments = {{"x", 1}}}, asked);
    answer->take(event::ToolCall{.name = "b", .arguments = "torn"}, asked);
    const Json calls = answer->piece()["message"]["tool_calls"];
    EXPECT_EQ(calls[0]["function"], Json::parse(R"({"name":"a","index":0,"arguments":{"x":1}})"));
    EXPECT_EQ(calls[1]["function"], Json::parse(R"({"name":"b","index":1,"arguments":{}})"));
}

TEST(OllamaAnswer, ProbabilitiesComeWithTheirTokens) {
    const auto answer = ollama_chat_answer("m", asked);
    const Json logprobs = Json::parse(R"([{"id":7,"token":"a","logprob":-0.5,"top_logprobs":[
        {"id":8,"token":"b","logprob":-1}]}])");
    answer->take(event::Token{.text = "a", .logprobs = logprobs}, asked);
    EXPECT_EQ(answer->piece()["logprobs"], Json::parse(R"([{"token":"a","logprob":-0.5,
        "top_logprobs":[{"token":"b","logprob":-1}]}])"));
}

TEST(OllamaAnswer, AModelThatIsOnlyLoadedSaysSo) {
    const Json last = ollama_generate_answer("m", asked)->last({.result = {{"slots", 4}}}, asked);
    EXPECT_EQ(timeless(last),
              Json::parse(R"({"model":"m","done":true,"done_reason":"load","response":""})"));
}

TEST(OllamaAnswer, VectorsAreAListOrTheOnlyOne) {
    const auto many = ollama_embed_answer("m", asked);
    const auto one = ollama_embeddings_answer("m", asked);
    for (const auto& answer : {many.get(), one.get()}) {
        answer->take(event::Output{.value = {1, 0}}, asked);
    }
    many->take(event::Output{.value = {0, 1}}, asked);
    const event::Done done{.usage = event::Usage{.prompt = 4}};
    const Json last = many->last(done, asked + 1ms);
    EXPECT_EQ(last["embeddings"], Json::parse("[[1,0],[0,1]]"));
    EXPECT_EQ(last["prompt_eval_count"], 4);
    EXPECT_EQ(last["total_duration"], 1000000);
    EXPECT_EQ(one->last(done, asked), Json::parse(R"({"embedding":[1,0]})"));
}

TEST(OllamaAnswer, APullTellsHowFarItIs) {
    const auto answer = ollama_pull_answer(asked);
    answer->take(event::Load{.stage = "looking"}, asked);
    EXPECT_EQ(answer->piece(), Json::parse(R"({"status":"looking"})"));
    answer->take(
        event::Load{
            .stage = "fetching m.gguf", .fraction = 0.25, .done_bytes = 1024, .total_bytes = 4096},
        asked);
    EXPECT_EQ(answer->piece(), Json::parse(R"({"status":"fetching m.gguf","total":4096,
        "completed":1024})"));
    EXPECT_EQ(answer->last({}, asked), Json::parse(R"({"status":"success"})"));
}

}  // namespace
}  // namespace threadrunner::http
