#include "door/http/ollama_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using wire::Json;

Result<OllamaRequest> chat(std::string_view text) {
    return read_ollama_chat(Json::parse(text), text);
}

Result<OllamaRequest> generate(std::string_view text) {
    return read_ollama_generate(Json::parse(text), text);
}

work::Generate generation_of(const Result<OllamaRequest>& request) {
    EXPECT_TRUE(request) << request.error().message;
    return std::get<work::Generate>(request.value().work);
}

TEST(OllamaRequest, AStreamIsWantedUnlessARequestSaysOtherwise) {
    EXPECT_TRUE(chat(R"({"model":"m"})")->streams);
    EXPECT_FALSE(chat(R"({"model":"m","stream":false})")->streams);
}

TEST(OllamaRequest, OptionsAreRenamedAndUnknownOnesPassedOver) {
    const auto sampling = generation_of(generate(R"({"model":"m","prompt":"Hi","options":{
        "num_predict":7,"temperature":0,"top_k":40,"top_p":0.9,"min_p":0.1,"seed":-1,"stop":"#",
        "repeat_penalty":1.1,"num_ctx":4096,"numa":true}})"))
                              .sampling;
    EXPECT_EQ(sampling.max_tokens, 7);
    EXPECT_EQ(sampling.temperature, 0);
    EXPECT_EQ(sampling.top_k, 40);
    EXPECT_EQ(sampling.top_p, 0.9);
    EXPECT_EQ(sampling.min_p, 0.1);
    EXPECT_EQ(sampling.seed, 0xFFFFFFFF);
    EXPECT_EQ(sampling.repeat_penalty, 1.1);
    EXPECT_EQ(sampling.stop, std::vector<std::string>{"#"});
    const auto unbounded = R"({"model":"m","prompt":"Hi","options":{"num_predict":-2}})";
    EXPECT_EQ(generation_of(generate(unbounded)).sampling.max_tokens, std::nullopt);
}

TEST(OllamaRequest, PenaltiesAndMirostatKeepTheirNames) {
    const auto sampling_of = [](const std::string& options) {
        return generation_of(generate(R"({"model":"m","prompt":"Hi","options":)" + options + "}"))
            .sampling;
    };
    const auto sampling = sampling_of(R"({"typical_p":0.7,"repeat_last_n":32,
        "presence_penalty":-0.5,"frequency_penalty":1.5,
        "mirostat":2,"mirostat_tau":4,"mirostat_eta":0.15})");
    EXPECT_EQ(sampling.typical_p, 0.7);
    EXPECT_EQ(sampling.repeat_last_n, 32);
    EXPECT_EQ(sampling.presence_penalty, -0.5);
    EXPECT_EQ(sampling.frequency_penalty, 1.5);
    EXPECT_EQ(sampling.mirostat, 2);
    EXPECT_EQ(sampling.mirostat_tau, 4);
    EXPECT_EQ(sampling.mirostat_eta, 0.15);
    EXPECT_EQ(sampling_of(R"({"repeat_last_n":-1,"num_ctx":512})").repeat_last_n, 512);
    EXPECT_EQ(sampling_of(R"({"repeat_last_n":-1})").repeat_last_n, 4096);
    EXPECT_EQ(sampling_of(R"({"num_ctx":512})").repeat_last_n, std::nullopt);
    const auto odd = generate(R"({"model":"m","prompt":"Hi","options":{"mirostat":3}})");
    EXPECT_THAT(odd.error().message, HasSubstr("'mirostat' must be"));
}

TEST(OllamaRequest, ASchemaKeepsTheOrderOfItsMembers) {
    EXPECT_EQ(generation_of(generate(R"({"model":"m","prompt":"Hi","format": {"z":1, "a":2} })"))
                  .json_schema,
              R"({"z":1, "a":2})");
    EXPECT_EQ(generation_of(generate(R"({"model":"m","prompt":"Hi","format":"json"})")).json_schema,
              R"({"type":"object"})");
    EXPECT_EQ(generation_of(generate(R"({"model":"m","prompt":"Hi","format":""})")).json_schema,
              "");
    EXPECT_THAT(generate(R"({"model":"m","prompt":"Hi","format":"yaml"})").error().message,
                HasSubstr("JSON schema"));
}

TEST(OllamaRequest, AnswersOfToolsFindTheCallsTheyAreFor) {
    const Json messages = generation_of(chat(R"({"model":"m","messages":[
        {"role":"user","content":"Hi"},
        {"role":"assistant","thinking":"hm","tool_calls":[
            {"function":{"name":"a","arguments":{"x":1}}},
            {"function":{"name":"b","arguments":{}}}]},
        {"role":"tool","tool_name":"b","content":"of b"},
        {"role":"tool","content":"of a"}]})"))
                              .messages;
    EXPECT_EQ(messages, Json::parse(R"([
        {"role":"user","content":"Hi"},
        {"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"a","arguments":"{\"x\":1}"}},
            {"id":"call_2","type":"function","function":{"name":"b","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"call_2","content":"of b"},
        {"role":"tool","tool_call_id":"call_1","content":"of a"}])"));
}

TEST(OllamaRequest, NothingToAnswerLoadsAndUnloads) {
    EXPECT_TRUE(std::holds_alternative<work::Load>(generate(R"({"model":"m"})")->work));
    EXPECT_TRUE(std::holds_alternative<work::Load>(chat(R"({"model":"m","messages":[]})")->work));
    EXPECT_FALSE(generate(R"({"model":"m"})")->unloads());
    EXPECT_TRUE(generate(R"({"model":"m","keep_alive":0})")->unloads());
    EXPECT_TRUE(generate(R"({"model":"m","keep_alive":"0s"})")->unloads());
    EXPECT_FALSE(generate(R"({"model":"m","keep_alive":0,"prompt":"Hi"})")->unloads());
}

TEST(OllamaRequest, KeepAliveIsSecondsOrADurationAsGoWritesIt) {
    EXPECT_EQ(parse_keep_alive(300), 300s);
    EXPECT_EQ(parse_keep_alive(0.5), 500ms);
    EXPECT_EQ(parse_keep_alive("5m"), 5min);
    EXPECT_EQ(parse_keep_alive("1h30m"), 90min);
    EXPECT_EQ(parse_keep_alive("1.5s"), 1500ms);
    EXPECT_EQ(parse_keep_alive("250ms"), 250ms);
    EXPECT_EQ(parse_keep_alive("60"), 60s);
    EXPECT_EQ(parse_keep_alive(-1), std::chrono::milliseconds::max());
    EXPECT_EQ(parse_keep_alive("-1m"), std::chrono::milliseconds::max());
    EXPECT_EQ(parse_keep_alive(1e300), std::chrono::milliseconds::max());
    for (const Json& odd : {Json("soon"), Json("5 m"), Json(""), Json("5m3"), Json(true)}) {
        EXPECT_FALSE(parse_keep_alive(odd)) << odd;
    }
}

TEST(OllamaRequest, WhatIsNotServedIsRefusedWithTheRemedy) {
    EXPECT_THAT(generate(R"({"model":"m","prompt":"Hi","suffix":"x"})").error().message,
                HasSubstr("raw"));
    EXPECT_THAT(generate(R"({"model":"m","prompt":"Hi","template":"x"})").error().message,
                HasSubstr("models set"));
    EXPECT_THAT(generate(R"({"model":"m","prompt":"Hi","context":[1]})").error().message,
                HasSubstr("/api/chat"));
    EXPECT_THAT(
        chat(R"({"model":"m","messages":[{"role":"user","images":["eA=="]}]})").error().message,
        HasSubstr("images"));
    EXPECT_TRUE(generate(R"({"model":"m","prompt":"Hi","suffix":"","template":"","images":[]})"));
    EXPECT_THAT(chat(R"({"messages":[]})").error().message, HasSubstr("lacks 'model'"));
}

TEST(OllamaRequest, ARawPromptIsTakenAsItIs) {
    const auto raw =
        generation_of(generate(R"({"model":"m","prompt":"Hi","raw":true,"system":"x"})"));
    EXPECT_TRUE(raw.raw);
    EXPECT_EQ(raw.system, "");
    EXPECT_EQ(generation_of(generate(R"({"model":"m","prompt":"Hi","system":"x"})")).system, "x");
}

TEST(OllamaRequest, TextsToEmbedComeAloneOrInAList) {
    const auto inputs = [](const char* text) {
        return std::get<work::Embed>(read_ollama_embed(Json::parse(text), text)->work).inputs;
    };
    EXPECT_EQ(inputs(R"({"model":"m","input":"a"})"), std::vector<std::string>{"a"});
    EXPECT_EQ(inputs(R"({"model":"m","input":["a","b"]})"), (std::vector<std::string>{"a", "b"}));
    const Json cut = {{"model", "m"}, {"input", "a"}, {"dimensions", 2}};
    EXPECT_THAT(read_ollama_embed(cut, "").error().message, HasSubstr("vectors come whole"));
    const Json empty = {{"model", "m"}, {"input", ""}};
    EXPECT_TRUE(std::holds_alternative<work::Load>(read_ollama_embed(empty, "")->work));
}

TEST(OllamaRequest, AModelIsNamedInEitherMemberAndWithoutItsTag) {
    EXPECT_EQ(read_ollama_name({{"name", "a"}}), "a");
    EXPECT_EQ(read_ollama_name({{"model", "b"}, {"name", ""}}), "b");
    EXPECT_FALSE(read_ollama_name(Json::object()));
    EXPECT_EQ(without_latest("a:latest"), "a");
    EXPECT_EQ(without_latest("a:1b"), "a:1b");
}

}  // namespace
}  // namespace threadrunner::http
