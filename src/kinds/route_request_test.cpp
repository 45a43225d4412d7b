#include "kinds/route_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kinds/route_exchange.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

work::Generate prompt(const std::string& text) {
    work::Generate generate;
    generate.prompt = text;
    return generate;
}

work::Sampling full_sampling() {
    return {.temperature = 0.5,
            .top_p = 0.9,
            .top_k = 40,
            .min_p = 0.05,
            .typical_p = 0.7,
            .repeat_penalty = 1.1,
            .repeat_last_n = 32,
            .presence_penalty = 0.2,
            .frequency_penalty = 0.3,
            .mirostat = 2,
            .mirostat_tau = 4,
            .mirostat_eta = 0.15,
            .seed = -1,
            .max_tokens = 7,
            .stop = {"\n", "END"}};
}

/// A streaming body with those samplings, and more.
Json sampled(const Json& more) {
    Json body = {{"stream", true},
                 {"return_progress", true},
                 {"cache_prompt", true},
                 {"temperature", 0.5},
                 {"top_p", 0.9},
                 {"top_k", 40},
                 {"min_p", 0.05},
                 {"typical_p", 0.7},
                 {"repeat_penalty", 1.1},
                 {"repeat_last_n", 32},
                 {"presence_penalty", 0.2},
                 {"frequency_penalty", 0.3},
                 {"mirostat", 2},
                 {"mirostat_tau", 4},
                 {"mirostat_eta", 0.15},
                 {"seed", -1},
                 {"stop", {"\n", "END"}}};
    body.update(more);
    return body;
}

TEST(RouteRequest, APromptIsOneUserMessageWithTheModelsOwnDefaults) {
    const RouteRequest request = route_request(prompt("Why?"));
    EXPECT_EQ(request.path, "/v1/chat/completions");
    EXPECT_EQ(request.body, (Json{{"stream", true},
                                  {"return_progress", true},
                                  {"cache_prompt", true},
                                  {"messages", {{{"role", "user"}, {"content", "Why?"}}}}}));
}

TEST(RouteRequest, EveryWishReachesAChat) {
    work::Generate generate = prompt("");
    generate.messages = Json::array({{{"role", "user"}, {"content", "Why?"}}});
    generate.system = "Be brief.";
    generate.tools = Json::array({{{"type", "function"}}});
    generate.json_schema = R"({"type":"object"})";
    generate.sampling = full_sampling();
    generate.think = false;
    generate.logprobs = 3;
    const RouteRequest request = route_request(generate);
    EXPECT_EQ(request.path, "/v1/chat/completions");
    EXPECT_EQ(request.body, sampled({{"max_tokens", 7},
                                     {"json_schema", R"({"type":"object"})"},
                                     {"tools", Json::array({{{"type", "function"}}})},
                                     {"chat_template_kwargs", {{"enable_thinking", false}}},
                                     {"logprobs", true},
                                     {"top_logprobs", 3},
                                     {"messages",
                                      {{{"role", "system"}, {"content", "Be brief."}},
                                       {{"role", "user"}, {"content", "Why?"}}}}}));
}

TEST(RouteRequest, ASchemaKeepsTheOrderOfItsMembers) {
    work::Generate generate = prompt("Why?");
    generate.json_schema = R"({"type":"object","properties":{"why":{},"answer":{}}})";
    EXPECT_THAT(body_text(route_request(generate)),
                HasSubstr("\"json_schema\":" + generate.json_schema));
    generate.raw = true;
    EXPECT_THAT(body_text(route_request(generate)),
                HasSubstr("\"json_schema\":" + generate.json_schema));
}

TEST(RouteRequest, ABareTextGoesPastTheTemplate) {
    work::Generate generate = prompt("Once upon");
    generate.raw = true;
    generate.grammar = "root ::= \"a\"";
    generate.sampling = full_sampling();
    generate.logprobs = 3;
    const RouteRequest request = route_request(generate);
    EXPECT_EQ(request.path, "/completion");
    EXPECT_EQ(request.body, sampled({{"prompt", "Once upon"},
                                     {"grammar", "root ::= \"a\""},
                                     {"n_predict", 7},
                                     {"n_probs", 3}}));
}

TEST(RouteRequest, OtherWorkHasItsOwnRoutes) {
    const auto as_json = [](const Work& work) {
        const RouteRequest request = route_request(work);
        return Json{{"path", request.path}, {"body", request.body}};
    };
    EXPECT_EQ(as_json(work::Embed{.inputs = {"a", "b"}}),
              (Json{{"path", "/v1/embeddings"}, {"body", {{"input", {"a", "b"}}}}}));
    EXPECT_EQ(as_json(work::Tokenize{.text = "a"}),
              (Json{{"path", "/tokenize"}, {"body", {{"content", "a"}, {"with_pieces", true}}}}));
    EXPECT_EQ(as_json(work::Detokenize{.tokens = {1, 2}}),
              (Json{{"path", "/detokenize"}, {"body", {{"tokens", {1, 2}}}}}));
}

TEST(RouteExchange, TheBodyTravelsAsTextAndLoadingNeedsNoDialogue) {
    Job job;
    job.spec.work = work::Detokenize{.tokens = {1}};
    const auto exchange = route_exchange(job.spec.work);
    ASSERT_NE(exchange, nullptr);
    EXPECT_EQ(exchange->request(), (Json{{"op", "route"},
                                         {"method", "POST"},
                                         {"path", "/detokenize"},
                                         {"body", R"({"tokens":[1]})"}}));
    job.spec.work = work::Load{};
    EXPECT_EQ(route_exchange(job.spec.work), nullptr);
}

TEST(RouteExchange, UnderstandsTheAnswerEvenAfterItsJobHasEnded) {
    auto job = std::make_unique<Job>();
    job->spec.work = work::Detokenize{.tokens = {1}};
    const auto exchange = route_exchange(job->spec.work);
    job.reset();
    std::vector<Event> events;
    exchange->receive({{"ev", "head"}, {"status", 200}, {"content_type", "application/json"}},
                      events);
    exchange->receive({{"ev", "body"}, {"data", R"({"content":"a"})"}}, events);
    exchange->receive({{"ev", "done"}}, events);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(std::get<event::Done>(events[0]).result, (Json{{"text", "a"}}));
}

}  // namespace
}  // namespace threadrunner
