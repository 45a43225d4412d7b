#include "kinds/route_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

/// Plays a worker's frames to a reply; what they became is compared as socket v2 would show it.
class Dialogue {
public:
    explicit Dialogue(Work work = work::Generate{}) : work_(std::move(work)), reply_(work_) {}

    Dialogue& frame(const Json& frame) {
        reply_.receive(frame, events_);
        return *this;
    }
    Dialogue& head(int status, const char* type) {
        return frame({{"ev", "head"}, {"status", status}, {"content_type", type}});
    }
    Dialogue& stream() { return head(200, "text/event-stream"); }
    Dialogue& body(const std::string& data) { return frame({{"ev", "body"}, {"data", data}}); }
    Dialogue& chunk(const Json& chunk) { return body("data: " + chunk.dump() + "\n\n"); }
    /// A chat chunk with one choice.
    Dialogue& delta(const Json& delta, const Json& finish_reason = nullptr) {
        return chunk(
            {{"choices", Json::array({{{"delta", delta}, {"finish_reason", finish_reason}}})}});
    }
    /// The end of a stream that nothing is missing of.
    Dialogue& end() { return body("data: [DONE]\n\n"); }
    Dialogue& document(int status, const Json& document) {
        return head(status, "application/json; charset=utf-8").body(document.dump());
    }

    /// Ends the dialogue; all its events.
    Json events(Json done = {{"ev", "done"}}) {
        frame(done);
        Json out = Json::array();
        for (const Event& event : events_) {
            out.push_back(wire::event_to_json(event));
        }
        return out;
    }

    /// Ends the dialogue, whose only event is an error.
    Error error() {
        frame({{"ev", "done"}});
        EXPECT_EQ(events_.size(), 1U);
        const auto* error = std::get_if<Error>(&events_.back());
        return error == nullptr ? Error{.message = "no error"} : *error;
    }

private:
    Work work_;
    RouteReply reply_;
    std::vector<Event> events_;
};

Json token(const char* text) { return {{"ev", "token"}, {"text", text}}; }
Json done(const char* reason) { return {{"ev", "done"}, {"reason", reason}}; }

TEST(RouteReplyChat, TextArrivesAsItIsWritten) {
    Dialogue dialogue;
    dialogue.stream().delta({{"role", "assistant"}, {"content", nullptr}});
    dialogue.delta({{"content", "Hel"}}).delta({{"content", "lo"}});
    dialogue.delta(Json::object(), "stop").body("data: [DONE]\n\n");
    EXPECT_EQ(dialogue.events({{"ev", "done"},
                               {"usage", {{"prompt", 5}, {"cached", 2}, {"completion", 3}}},
                               {"timings", {{"predicted_ms", 1.5}}}}),
              (Json{token("Hel"),
                    token("lo"),
                    {{"ev", "done"},
                     {"reason", "stop"},
                     {"usage", {{"prompt", 5}, {"cached", 2}, {"completion", 3}}},
                     {"timings", {{"predicted_ms", 1.5}}}}}));
}

TEST(RouteReplyChat, ThinkingIsKeptApartFromTheAnswer) {
    Dialogue dialogue;
    dialogue.stream().delta({{"reasoning_content", "hm"}}).delta({{"content", "yes"}}).end();
    EXPECT_EQ(dialogue.events(),
              (Json{{{"ev", "reasoning"}, {"text", "hm"}}, token("yes"), done("stop")}));
}

TEST(RouteReplyChat, LogprobsComeWithTheirToken) {
    Dialogue dialogue;
    dialogue.stream()
        .chunk({{"choices", Json::array({{{"delta", {{"content", "a"}}}, {"logprobs", {1}}}})}})
        .end();
    EXPECT_EQ(dialogue.events(),
              (Json{{{"ev", "token"}, {"text", "a"}, {"logprobs", {1}}}, done("stop")}));
}

TEST(RouteReplyChat, LogprobsAreAListAsOnTheOtherRoute) {
    Dialogue dialogue;
    dialogue.stream()
        .chunk({{"choices",
                 Json::array({{{"delta", {{"content", "a"}}}, {"logprobs", {{"content", {1}}}}}})}})
        .end();
    EXPECT_EQ(dialogue.events(),
              (Json{{{"ev", "token"}, {"text", "a"}, {"logprobs", {1}}}, done("stop")}));
}

TEST(RouteReplyChat, ReadingALongPromptShowsProgress) {
    Dialogue dialogue;
    dialogue.stream()
        .chunk({{"choices", Json::array({{{"delta", Json::object()}}})},
                {"prompt_progress", {{"total", 100}, {"cache", 20}, {"processed", 50}}}})
        .end();
    EXPECT_EQ(
        dialogue.events(),
        (Json{{{"ev", "prompt"}, {"done", 50}, {"total", 100}, {"cached", 20}}, done("stop")}));
}

TEST(RouteReplyChat, AnAnswerCutAtItsLimitSaysSo) {
    Dialogue dialogue;
    dialogue.stream().delta({{"content", "a"}}).delta(Json::object(), "length");
    EXPECT_EQ(dialogue.events(), (Json{token("a"), done("length")}));
}

TEST(RouteReplyChat, ToolCallsThatArriveInPiecesComeOutWholeAndInOrder) {
    const auto piece = [](int index, const Json& function) {
        return Json{{"tool_calls", Json::array({{{"index", index}, {"function", function}}})}};
    };
    Dialogue dialogue;
    dialogue.stream()
        .delta(piece(1, {{"name", "weather"}, {"arguments", "not JSON"}}))
        .delta(piece(0, {{"name", "add"}, {"arguments", ""}}))
        .delta(piece(0, {{"arguments", "{\"a\":"}}))
        .delta(piece(0, {{"arguments", "1}"}}))
        .delta(Json::object(), "tool_calls");
    EXPECT_EQ(dialogue.events(),
              (Json{{{"ev", "tool_call"}, {"name", "add"}, {"arguments", {{"a", 1}}}},
                    {{"ev", "tool_call"}, {"name", "weather"}, {"arguments", "not JSON"}},
                    done("tool_calls")}));
}

TEST(RouteReplyCompletion, TextLimitAndProgressAreUnderstood) {
    Dialogue dialogue;
    dialogue.stream()
        .chunk(
            {{"content", ""}, {"prompt_progress", {{"total", 2}, {"cache", 0}, {"processed", 2}}}})
        .chunk({{"content", "on"}, {"completion_probabilities", {1}}})
        .chunk({{"content", "ce"}, {"stop", false}})
        .chunk({{"content", ""}, {"stop", true}, {"stop_type", "limit"}});
    EXPECT_EQ(dialogue.events(), (Json{{{"ev", "prompt"}, {"done", 2}, {"total", 2}, {"cached", 0}},
                                       {{"ev", "token"}, {"text", "on"}, {"logprobs", {1}}},
                                       token("ce"),
                                       done("length")}));
}

TEST(RouteReplyStream, EventsMayBeCutBetweenFrames) {
    Dialogue dialogue;
    dialogue.stream().body("data: {\"content\"").body(":\"a\"}\n").body("\n").end();
    EXPECT_EQ(dialogue.events(), (Json{token("a"), done("stop")}));
}

TEST(RouteReplyStream, AnAnswerThatStopsInItsMiddleIsNotTakenForWhole) {
    Dialogue dialogue;
    const Json events = dialogue.stream().delta({{"content", "half a"}}).events();
    EXPECT_EQ(events.at(0), token("half a"));
    EXPECT_EQ(events.back().at("code"), "worker_crashed");
    EXPECT_THAT(events.back().at("message"), HasSubstr("ended before its end"));
}

TEST(RouteReplyStream, AnErrorInTheMiddleEndsTheAnswerAndNothingAfterItIsShown) {
    Dialogue dialogue;
    dialogue.stream().delta({{"content", "a"}});
    dialogue.chunk({{"error", {{"message", "out of luck"}, {"type", "server_error"}}}});
    dialogue.delta({{"content", "b"}}).body("data: no JSON\n\n");
    EXPECT_EQ(dialogue.events(), (Json{token("a"),
                                       {{"ev", "error"},
                                        {"code", "inference_failed"},
                                        {"message", "out of luck"},
                                        {"retryable", false}}}));
}

TEST(RouteReplyStream, AChunkThatIsNotJsonIsAFaultAndNotLeftOut) {
    Dialogue dialogue;
    dialogue.stream().body("data: {\n\n");
    const Error error = dialogue.error();
    EXPECT_EQ(error.code, ErrorCode::inference_failed);
    EXPECT_THAT(error.message, HasSubstr("a chunk that is not JSON"));
}

TEST(RouteReplyStream, OddChunksHarmNobody) {
    Dialogue dialogue;
    dialogue.stream();
    for (const char* odd :
         {"7", "[]", "null", "\"x\"", "{}", "{\"choices\":7}", "{\"choices\":[7,null,{}]}",
          "{\"choices\":[{\"delta\":{\"content\":7,\"tool_calls\":[7]}}]}", "{\"content\":[]}",
          "{\"content\":\"\",\"prompt_progress\":7}"}) {
        dialogue.body(std::string("data: ") + odd + "\n\n");
    }
    dialogue.frame({{"ev", "body"}})
        .frame({{"ev", "body"}, {"data", 7}})
        .frame({{"ev", "what"}})
        .end();
    const Json events = dialogue.events({{"ev", "done"}, {"usage", 7}});
    EXPECT_EQ(events.back().at("ev"), "done");
}

TEST(RouteReplyStream, AnEventWithoutAnEndDoesNotFillTheMemory) {
    Dialogue dialogue;
    dialogue.stream();
    const std::string data(8 * limits::mib, 'x');
    for (int i = 0; i < 10; ++i) {
        dialogue.body(data);
    }
    EXPECT_EQ(dialogue.error().code, ErrorCode::too_large);
}

TEST(RouteReplyDocument, ADocumentThatIsTooLargeIsRefusedWithItsBound) {
    Dialogue dialogue(work::Embed{.inputs = {"a"}});
    dialogue.head(200, "application/json");
    const std::string data(8 * limits::mib, 'x');
    for (int i = 0; i < 10; ++i) {
        dialogue.body(data);
    }
    EXPECT_THAT(dialogue.error().message, HasSubstr("larger than 64.0 MiB"));
}

TEST(RouteReplyDocument, AServerWithoutStreamsIsUnderstoodAllTheSame) {
    Dialogue dialogue;
    dialogue.document(200, {{"choices",
                             {{{"index", 0},
                               {"message", {{"role", "assistant"}, {"content", "all of it"}}},
                               {"finish_reason", "length"}}}}});
    EXPECT_EQ(dialogue.events(), (Json{token("all of it"), done("length")}));
    Dialogue odd;
    EXPECT_THAT(odd.document(200, {{"what", 7}}).error().message, HasSubstr("neither text nor"));
    Dialogue failed;
    EXPECT_EQ(failed.document(200, {{"error", "no luck"}}).error().message, "no luck");
}

TEST(RouteReplyDocument, VectorsComeInTheOrderOfTheirInputs) {
    Dialogue dialogue(work::Embed{.inputs = {"a", "b"}});
    dialogue.document(
        200,
        {{"data", {{{"index", 1}, {"embedding", {3, 4}}}, {{"index", 0}, {"embedding", {1, 2}}}}}});
    EXPECT_EQ(dialogue.events(), (Json{{{"ev", "output"}, {"value", {1, 2}}},
                                       {{"ev", "output"}, {"value", {3, 4}}},
                                       done("stop")}));
}

TEST(RouteReplyDocument, ADocumentMayArriveInPieces) {
    Dialogue dialogue(work::Detokenize{.tokens = {1}});
    dialogue.head(200, "application/json").body("{\"content\":").body("\"one\"}");
    EXPECT_EQ(dialogue.events(),
              (Json::array({{{"ev", "done"}, {"reason", "stop"}, {"result", {{"text", "one"}}}}})));
}

TEST(RouteReplyDocument, TokensAreListedWithTheirPiecesAndBytesThatAreNoTextAreMarked) {
    Dialogue dialogue(work::Tokenize{.text = "a€"});
    dialogue.document(200, {{"tokens",
                             {{{"id", 5}, {"piece", "a"}},
                              {{"id", 6}, {"piece", {0xE2, 0x82}}},
                              {{"id", 7}, {"piece", {0x62}}}}}});
    EXPECT_EQ(dialogue.events().back().at("result"),
              (Json{{"tokens", {5, 6, 7}}, {"pieces", {"a", "\xEF\xBF\xBD", "b"}}}));

    Dialogue plain(work::Tokenize{.text = "a"});
    plain.document(200, {{"tokens", {5}}});
    EXPECT_EQ(plain.events().back().at("result"), (Json{{"tokens", {5}}}));
}

TEST(RouteReplyDocument, AnAnswerThatIsNotJsonIsAFault) {
    Dialogue dialogue(work::Tokenize{.text = "a"});
    dialogue.head(200, "application/json").body("<html>");
    const Error error = dialogue.error();
    EXPECT_EQ(error.code, ErrorCode::inference_failed);
    EXPECT_THAT(error.message, HasSubstr("the worker's answer is not JSON"));
}

TEST(RouteReplyError, APromptThatIsTooLongIsToldWithTheNumbers) {
    Dialogue dialogue;
    dialogue.document(400, {{"error",
                             {{"code", 400},
                              {"type", "exceed_context_size_error"},
                              {"message", "the request exceeds the available context size"},
                              {"n_prompt_tokens", 5000},
                              {"n_ctx", 4096}}}});
    const Error error = dialogue.error();
    EXPECT_EQ(error.code, ErrorCode::context_exceeded);
    EXPECT_THAT(error.message, HasSubstr("has 5000 tokens, the model's context holds 4096"));
    EXPECT_THAT(error.message, HasSubstr("engine.context"));
}

TEST(RouteReplyError, EachStatusIsTheErrorThatItMeans) {
    const auto code = [](int status, const char* type) {
        Dialogue dialogue;
        dialogue.document(status, {{"error", {{"message", "because"}, {"type", type}}}});
        const Error error = dialogue.error();
        EXPECT_EQ(error.message, "because");
        return traits(error.code).name;
    };
    EXPECT_EQ(code(400, "invalid_request_error"), "invalid_request");
    EXPECT_EQ(code(500, "invalid_request_error"), "invalid_request");
    EXPECT_EQ(code(401, "authentication_error"), "unauthorized");
    EXPECT_EQ(code(403, "permission_error"), "forbidden");
    EXPECT_EQ(code(404, "not_found_error"), "not_found");
    EXPECT_EQ(code(422, ""), "invalid_request");
    EXPECT_EQ(code(429, "rate_limit_error"), "overloaded");
    EXPECT_EQ(code(503, "unavailable_error"), "unreachable");
    EXPECT_EQ(code(501, "not_supported_error"), "not_supported");
    EXPECT_EQ(code(500, "server_error"), "inference_failed");
}

TEST(RouteReplyError, AnErrorEvenWithoutWordsSaysItsStatus) {
    Dialogue dialogue;
    dialogue.head(503, "text/html").body("<html>");
    EXPECT_EQ(dialogue.error().message, "the worker answered with status 503");
}

TEST(RouteReplyError, ADocumentOfErrorsIsNotTakenForAStream) {
    Dialogue dialogue;
    dialogue.head(400, "text/event-stream").body(R"({"error":{"message":"because"}})");
    EXPECT_EQ(dialogue.error().message, "because");
}

TEST(RouteReplyError, TheWorkersOwnErrorKeepsItsCode) {
    Dialogue dialogue;
    EXPECT_EQ(dialogue.events({{"ev", "error"}, {"code", "not_found"}, {"message", "no route"}}),
              (Json::array({{{"ev", "error"},
                             {"code", "not_found"},
                             {"message", "no route"},
                             {"retryable", false}}})));
}

TEST(RouteReplyCancelled, EndsAsCancelledWithWhatWasUsedWhateverCameBefore) {
    Dialogue dialogue;
    dialogue.stream().delta({{"content", "a"}}).body("data: torn\n\n");
    EXPECT_EQ(dialogue.events({{"ev", "done"},
                               {"reason", "cancelled"},
                               {"usage", {{"prompt", 5}, {"completion", 1}}}}),
              (Json{token("a"),
                    {{"ev", "done"},
                     {"reason", "cancelled"},
                     {"usage", {{"prompt", 5}, {"cached", 0}, {"completion", 1}}}}}));
    Dialogue document(work::Embed{.inputs = {"a"}});
    EXPECT_EQ(document.events({{"ev", "done"}, {"reason", "cancelled"}}),
              (Json::array({done("cancelled")})));
}

}  // namespace
}  // namespace threadrunner
