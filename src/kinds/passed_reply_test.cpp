#include "kinds/passed_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

/// Each event as socket v2 would write it, a line each.
std::string story(std::initializer_list<Json> frames) {
    PassedReply reply;
    std::vector<Event> events;
    for (const Json& frame : frames) {
        reply.receive(frame, events);
    }
    std::string out;
    for (const Event& event : events) {
        out += wire::encode_json(wire::event_to_json(event)) + "\n";
    }
    return out;
}

const Json done = {{"ev", "done"}, {"usage", {{"prompt", 3}, {"cached", 1}, {"completion", 2}}}};

TEST(PassedReply, AnAnswerComesBackByteForByteWithItsUsage) {
    EXPECT_EQ(story({{{"ev", "head"}, {"status", 200}, {"content_type", "text/event-stream"}},
                     {{"ev", "body"}, {"data", "data: {\"z\":1,\"a\":2}\n\n"}},
                     done}),
              R"({"content_type":"text/event-stream","ev":"head","status":200})"
              "\n"
              R"({"data":"data: {\"z\":1,\"a\":2}\n\n","ev":"body"})"
              "\n"
              R"({"ev":"done","reason":"stop","usage":{"cached":1,"completion":2,"prompt":3}})"
              "\n");
}

TEST(PassedReply, AnErrorOfTheWorkerEndsTheJobInsteadOfPassingForAnAnswer) {
    const std::string told =
        story({{{"ev", "head"}, {"status", 400}, {"content_type", "application/json"}},
               {{"ev", "body"},
                {"data", R"({"error":{"type":"invalid_request_error","message":"no messages"}})"}},
               done});
    EXPECT_THAT(told, HasSubstr(R"("code":"invalid_request")"));
    EXPECT_THAT(told, HasSubstr("no messages"));
    EXPECT_THAT(told, testing::Not(HasSubstr("\"body\"")));
}

TEST(PassedReply, APromptThatIsTooLongIsToldWithItsNumbers) {
    const std::string told =
        story({{{"ev", "head"}, {"status", 400}, {"content_type", "application/json"}},
               {{"ev", "body"},
                {"data", R"({"error":{"type":"exceed_context_size_error","n_prompt_tokens":9,)"
                         R"("n_ctx":8}})"}},
               done});
    EXPECT_THAT(told, HasSubstr(R"("code":"context_exceeded")"));
    EXPECT_THAT(told, HasSubstr("has 9 tokens"));
}

TEST(PassedReply, OneThatWasCancelledIsCancelledWhateverItHadBegun) {
    EXPECT_THAT(story({{{"ev", "head"}, {"status", 500}, {"content_type", "application/json"}},
                       {{"ev", "done"}, {"reason", "cancelled"}}}),
                HasSubstr(R"("reason":"cancelled")"));
}

TEST(PassedReply, WhatTheWorkerRefusesIsTheErrorThatItNames) {
    EXPECT_THAT(story({{{"ev", "error"}, {"code", "not_found"}, {"message", "no route"}}}),
                HasSubstr(R"("code":"not_found","ev":"error","message":"no route")"));
}

/// A stream of one piece, and its end.
std::string stream_story(const std::string& data) {
    return story({{{"ev", "head"}, {"status", 200}, {"content_type", "text/event-stream"}},
                  {{"ev", "body"}, {"data", data}},
                  {{"ev", "body"}, {"data", "data: [DONE]\n\n"}},
                  done});
}

TEST(PassedReply, AnErrorThatBreaksAStreamOffEndsTheJobWithIt) {
    for (const std::string event :
         {"data: {\"error\":{\"code\":500,\"message\":\"worn out\"}}\n\n",
          "event: error\ndata: {\"code\":500,\"message\":\"worn out\"}\n\n"}) {
        const std::string told = stream_story("data: {\"a\":1}\n\n" + event);
        EXPECT_THAT(told, HasSubstr(R"({"data":"data: {\"a\":1}\n\n","ev":"body"})"));
        EXPECT_THAT(told, HasSubstr(R"("code":"inference_failed")"));
        EXPECT_THAT(told, HasSubstr("worn out"));
        EXPECT_THAT(told, testing::Not(HasSubstr("DONE"))) << "it would pass for a whole answer";
    }
}

TEST(PassedReply, AMemberNamedErrorWithoutAnErrorIsPartOfTheAnswer) {
    const std::string told = stream_story("data: {\"error\":null,\"a\":1}\n\n");
    EXPECT_THAT(told, HasSubstr("error"));
    EXPECT_THAT(told, HasSubstr(R"("reason":"stop")"));
}

}  // namespace
}  // namespace threadrunner
