#include "engine/request_body.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

#include "wire/decode.h"

namespace threadrunner::engine {
namespace {

using wire::Json;

const BodyPlan chat_plan = {.slot = 1, .stop_member = "stop", .stops = {"\n\n"}};

Json prepared(std::string_view body, const BodyPlan& plan) {
    const auto text = prepare_body(body, plan);
    EXPECT_TRUE(text) << text.error().message;
    return text ? Json::parse(*text) : Json();
}

ErrorCode refusal(std::string_view body) {
    const auto text = prepare_body(body, chat_plan);
    EXPECT_FALSE(text) << *text;
    return text ? ErrorCode::internal : text.error().code;
}

TEST(PrepareBody, ComputesInTheLeasedSlotWhateverTheClientWrites) {
    EXPECT_EQ(prepared(R"({"id_slot":7,"prompt":"x"})", {.slot = 1}),
              (Json{{"id_slot", 1}, {"prompt", "x"}}));
    EXPECT_EQ(prepared(" { } ", {.slot = 0}), (Json{{"id_slot", 0}}));
    EXPECT_EQ(prepared("{\"a\":{}}", {.slot = 0}), (Json{{"a", Json::object()}, {"id_slot", 0}}));
    EXPECT_EQ(prepared("{\"a\":\"}\"}\n", {.slot = 0}), (Json{{"a", "}"}, {"id_slot", 0}}));
}

TEST(PrepareBody, LooksNoFurtherBackThanASlotHolds) {
    const BodyPlan plan = {.context = 512};
    const auto looks_back = [&](std::string_view body) { return prepared(body, plan); };
    EXPECT_EQ(looks_back(R"({"repeat_last_n":2000000000})")["repeat_last_n"], 512);
    EXPECT_EQ(looks_back(R"({"dry_penalty_last_n":1e300})")["dry_penalty_last_n"], 512);
    EXPECT_EQ(looks_back(R"({"repeat_last_n":-1})")["repeat_last_n"], -1) << "as far as it holds";
    EXPECT_EQ(looks_back(R"({"repeat_last_n":64})")["repeat_last_n"], 64);
    EXPECT_EQ(looks_back(R"({"repeat_last_n":"far"})")["repeat_last_n"], "far") << "llama.cpp's";
}

TEST(PrepareBody, StopsAScaffoldedAnswerUnlessTheClientSaysWhere) {
    EXPECT_EQ(prepared("{}", chat_plan)["stop"], Json({"\n\n"}));
    EXPECT_EQ(prepared(R"({"stop":null})", chat_plan)["stop"], Json({"\n\n"}));
    EXPECT_EQ(prepared(R"({"stop":[]})", chat_plan)["stop"], Json({"\n\n"}));
    EXPECT_EQ(prepared(R"({"stop":"."})", chat_plan)["stop"], ".");
    EXPECT_EQ(prepared(R"({"stop":["."]})", chat_plan)["stop"], Json({"."}));
}

TEST(PrepareBody, LeavesARawPromptsStopsAlone) {
    EXPECT_FALSE(prepared(R"({"prompt":"x"})", {.slot = 0}).contains("stop"));
}

TEST(PrepareBody, KeepsTheOrderOfASchemasMembers) {
    const std::string body = R"({"json_schema":{"z":1,"a":2}})";
    EXPECT_EQ(prepare_body(body, {.slot = 3}), R"({"json_schema":{"z":1,"a":2},"id_slot":3})");
    EXPECT_EQ(prepare_body(body, {}), body);
}

TEST(PrepareBody, RefusesWhatIsNoObject) {
    EXPECT_EQ(refusal(""), ErrorCode::invalid_request);
    EXPECT_EQ(refusal("{\"a\":"), ErrorCode::invalid_request);
    EXPECT_EQ(refusal("[]"), ErrorCode::invalid_request);
    EXPECT_EQ(refusal(std::string(200'000, '[')), ErrorCode::invalid_request);
    EXPECT_EQ(refusal("{} {}"), ErrorCode::invalid_request);
}

TEST(PrepareBody, NeverTakesMoreSlotsThanWereLeased) {
    EXPECT_EQ(refusal(R"({"n":2})"), ErrorCode::invalid_request);
    EXPECT_EQ(refusal(R"({"n_cmpl":2})"), ErrorCode::invalid_request);
    EXPECT_EQ(prepared(R"({"n":1})", {.slot = 0})["n"], 1);
    EXPECT_EQ(prepared(R"({"n":2})", {.slot = 0, .answers = 2})["n"], 2);
}

RC_GTEST_PROP(PrepareBody, AddsToAnyObjectAndChangesNothingElse,
              (const std::map<std::string, std::string>& members)) {
    Json expected = Json::object();
    for (const auto& [name, value] : members) {
        // escaped once more, for any bytes are to become text
        expected["." + wire::encode_json(name)] = wire::encode_json(value);
    }
    const auto text = prepare_body(wire::encode_json(expected), {.slot = 5});
    expected["id_slot"] = 5;
    RC_ASSERT(text.has_value());
    RC_ASSERT(Json::parse(*text) == expected);
}

}  // namespace
}  // namespace threadrunner::engine
