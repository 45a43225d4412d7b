#include "dummy/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "wire/frame.h"

namespace threadrunner::dummy {
namespace {

using namespace std::chrono_literals;
using wire::Json;

/// A worker with the daemon's side of its stream, and a clock that tests set.
class DummyWorker : public ::testing::Test {
protected:
    Options options;
    Clock::time_point now;

    Worker& worker() {
        if (!worker_) {
            worker_.emplace(options);
        }
        return *worker_;
    }

    Result<void> send(const Json& frame) {
        return worker().receive(wire::encode_msgpack(frame), now);
    }

    void ask(std::int64_t id, const Json& body, const char* path = "/completion") {
        EXPECT_TRUE(send({{"op", "route"},
                          {"id", id},
                          {"method", "POST"},
                          {"path", path},
                          {"slot", id},
                          {"body", body.dump()}}));
    }

    /// What the worker sends up to now, the outbox emptied as often as it fills.
    std::vector<Json> events() {
        wire::FrameReader reader(limits::worker_frame_bytes_max);
        std::vector<Json> out;
        do {
            worker().advance(now);
            reader.push(worker().outbox().pending());
            worker().outbox().sent(worker().outbox().pending().size());
            for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
                out.push_back(wire::decode_msgpack(**frame).value());
            }
        } while (worker().wake() && *worker().wake() <= now && !worker().done());
        return out;
    }

    void pass(Clock::duration time) { now += time; }

    static std::size_t count(const std::vector<Json>& events, std::string_view kind) {
        return static_cast<std::size_t>(
            std::ranges::count_if(events, [&](const Json& event) { return event["ev"] == kind; }));
    }

private:
    std::optional<Worker> worker_;
};

TEST_F(DummyWorker, GreetsWithWhatItIs) {
    worker().hello();
    const Json hello = events().at(0);
    EXPECT_EQ(hello["ev"], "hello");
    EXPECT_EQ(hello["v"], 1);
    EXPECT_EQ(hello["kind"], "dummy");
    EXPECT_EQ(hello["slots"], 64);
}

TEST_F(DummyWorker, AnswersAPromptAsAStream) {
    ask(3, {{"prompt", "Hello, how are you?"}, {"stream", true}});
    const auto sent = events();
    ASSERT_EQ(sent.size(), 1 + 9 + 1 + 1U);
    EXPECT_EQ(
        sent[0],
        (Json{{"ev", "head"}, {"id", 3}, {"status", 200}, {"content_type", "text/event-stream"}}));
    EXPECT_EQ(sent.back()["ev"], "done");
    EXPECT_EQ(sent.back()["reason"], "stop");
    EXPECT_EQ(sent.back()["usage"], (Json{{"prompt", 4}, {"cached", 0}, {"completion", 9}}));
}

TEST_F(DummyWorker, AnswersTheLastUserMessageItsTextPartsIncluded) {
    ask(1,
        {{"messages",
          {{{"role", "user"}, {"content", "first"}},
           {{"role", "assistant"}, {"content", "no"}},
           {{"role", "user"},
            {"content",
             {{{"type", "text"}, {"text", "one "}},
              {{"type", "image_url"}, {"image_url", "x"}},
              {{"type", "text"}, {"text", "two"}}}}}}}},
        "/v1/chat/completions");
    const auto sent = events();
    ASSERT_EQ(sent.size(), 3U);
    const Json document = Json::parse(sent[1]["data"].get<std::string>());
    EXPECT_EQ(document["choices"][0]["message"]["content"], "lorem ipsum dolor sit amet one. two.");
}

TEST_F(DummyWorker, RefusesWhatItCannotAnswerAndGoesOn) {
    ask(1, {{"prompt", 7}});
    ask(2, {{"messages", Json::array()}}, "/v1/chat/completions");
    ask(3, Json::object(), "/nowhere");
    EXPECT_TRUE(send({{"op", "route"}, {"id", 4}, {"path", "/completion"}, {"body", "{"}}));
    EXPECT_TRUE(send({{"op", "route"},
                      {"id", 5},
                      {"path", "/completion"},
                      {"slot", 64},
                      {"body", R"({"prompt":""})"}}));
    const auto sent = events();
    ASSERT_EQ(sent.size(), 5U);
    for (const Json& event : sent) {
        EXPECT_EQ(event["ev"], "error");
        EXPECT_EQ(event["code"], event["id"] == 3 ? "not_found" : "invalid_request");
    }
}

TEST_F(DummyWorker, RefusesASlotThatIsTaken) {
    options.tokens_per_second = 1;
    ask(1, {{"prompt", ""}, {"stream", true}});
    EXPECT_TRUE(send({{"op", "route"},
                      {"id", 2},
                      {"path", "/completion"},
                      {"slot", 1},
                      {"body", R"({"prompt":""})"}}));
    EXPECT_EQ(events().at(0)["code"], "conflict");
}

TEST_F(DummyWorker, TakesNothingMoreFromAStreamWithoutMeaning) {
    EXPECT_FALSE(worker().receive("\xc1", now));
    EXPECT_FALSE(send({{"op", "juggle"}, {"id", 1}}));
    EXPECT_FALSE(send({{"id", 1}}));
    EXPECT_FALSE(send({{"op", "cancel"}}));
    EXPECT_FALSE(send({{"op", "credit"}, {"id", 1}, {"n", -5}}));
}

TEST_F(DummyWorker, AJobWithoutCreditWaitsAndNoOtherJobNotices) {
    std::string words;
    for (int i = 0; i < 2000; ++i) {
        words += "word ";
    }
    ask(1, {{"prompt", words}, {"stream", true}});
    EXPECT_EQ(count(events(), "body"), static_cast<std::size_t>(limits::credit_at_start));
    ask(2, {{"prompt", "hi"}, {"stream", true}});
    EXPECT_EQ(events().back()["ev"], "done") << "job 2 is answered";
    EXPECT_TRUE(send({{"op", "ping"}, {"t", 9}}));
    EXPECT_EQ(events().at(0)["ev"], "pong");
    EXPECT_TRUE(send({{"op", "credit"}, {"id", 1}, {"n", 10}}));
    EXPECT_EQ(count(events(), "body"), 10U);
    EXPECT_TRUE(send({{"op", "cancel"}, {"id", 1}}));
    EXPECT_EQ(events().at(0)["reason"], "cancelled");
}

TEST_F(DummyWorker, AStreamLongerThanTheOutboxGoesOn) {
    std::string words;
    for (int i = 0; i < 20'000; ++i) {
        words += "word ";
    }
    ask(1, {{"prompt", words}, {"stream", true}});
    EXPECT_TRUE(send({{"op", "credit"}, {"id", 1}, {"n", 100'000}}));
    const auto sent = events();
    EXPECT_EQ(count(sent, "body"), 20'006U);
    EXPECT_EQ(sent.back()["ev"], "done");
}

TEST_F(DummyWorker, SpeaksAtItsSpeedAndSaysWhenItIsDue) {
    options.tokens_per_second = 10;
    options.prompt_ms = 1000;
    ask(1, {{"prompt", ""}, {"stream", true}});
    EXPECT_TRUE(events().empty());
    EXPECT_EQ(worker().wake(), now + 1s);
    pass(1s);
    EXPECT_EQ(count(events(), "body"), 1U);
    pass(250ms);
    EXPECT_EQ(count(events(), "body"), 2U);
    pass(10s);
    EXPECT_EQ(events().back()["reason"], "stop");
    EXPECT_FALSE(worker().wake());
}

TEST_F(DummyWorker, PongsCountEachTokenAsProgressAndAWaitAsNone) {
    options.tokens_per_second = 10;
    ask(1, {{"prompt", ""}, {"stream", true}});
    const auto progress = [&] {
        static_cast<void>(events());
        EXPECT_TRUE(send({{"op", "ping"}, {"t", 1}}));
        return events().at(0)["progress"].get<int>();
    };
    const int before = progress();
    EXPECT_EQ(progress(), before);
    pass(100ms);
    EXPECT_GT(progress(), before);
}

TEST_F(DummyWorker, ReportsTheReadingOfAPromptWhenAsked) {
    options.prompt_ms = 100;
    ask(1, {{"prompt", "one two three four"}, {"stream", true}, {"return_progress", true}});
    EXPECT_EQ(count(events(), "body"), 1U);
    pass(55ms);
    const auto sent = events();
    ASSERT_EQ(count(sent, "body"), 5U);
    EXPECT_THAT(sent.back()["data"].get<std::string>(), ::testing::HasSubstr(R"("processed":2)"));
}

TEST_F(DummyWorker, CancelEndsAJobAtOnceAndFreesItsSlot) {
    options.tokens_per_second = 1;
    ask(1, {{"prompt", "hi"}, {"stream", true}});
    EXPECT_EQ(count(events(), "body"), 1U);
    EXPECT_TRUE(send({{"op", "cancel"}, {"id", 1}}));
    EXPECT_TRUE(send({{"op", "cancel"}, {"id", 99}}));
    EXPECT_EQ(events().at(0), (Json{{"ev", "done"},
                                    {"id", 1},
                                    {"reason", "cancelled"},
                                    {"usage", {{"prompt", 1}, {"cached", 0}, {"completion", 1}}}}));
    ask(1, {{"prompt", "hi"}, {"stream", true}});
    EXPECT_EQ(count(events(), "body"), 1U);
}

TEST_F(DummyWorker, LoadsWithProgressAndCanBeCancelled) {
    options.load_ms = 100;
    EXPECT_TRUE(send({{"op", "load"}, {"id", 1}}));
    EXPECT_EQ(events().at(0)["fraction"], 0);
    pass(100ms);
    const auto sent = events();
    EXPECT_EQ(sent.back()["ev"], "done");
    EXPECT_EQ(sent.back()["slots"], 64);
    EXPECT_EQ(sent[sent.size() - 2]["fraction"], 1);
    EXPECT_TRUE(send({{"op", "load"}, {"id", 2}}));
    EXPECT_TRUE(send({{"op", "cancel"}, {"id", 2}}));
    EXPECT_EQ(events().back()["reason"], "cancelled");
}

TEST_F(DummyWorker, FailsAsLlamaServerDoes) {
    options.fail_at = 2;
    ask(1, {{"prompt", ""}, {"stream", true}});
    auto sent = events();
    ASSERT_EQ(sent.size(), 4U);
    EXPECT_THAT(sent[2]["data"].get<std::string>(), ::testing::StartsWith("data: {\"error\":"));
    ask(2, {{"prompt", ""}});
    sent = events();
    EXPECT_EQ(sent.at(0)["status"], 500);
    EXPECT_TRUE(Json::parse(sent.at(1)["data"].get<std::string>()).contains("error"));
}

TEST_F(DummyWorker, AFaultComesOnceAndAfterEverythingBeforeItIsSent) {
    options.garbage_at = 2;
    ask(1, {{"prompt", ""}, {"stream", true}});
    worker().advance(now);
    EXPECT_FALSE(worker().take_fault()) << "the first token is not sent yet";
    EXPECT_EQ(count(events(), "body"), 1U);
    EXPECT_EQ(worker().take_fault(), Fault::garbage);
    EXPECT_FALSE(worker().take_fault());
    EXPECT_EQ(events().back()["ev"], "done") << "and then it goes on";
}

TEST_F(DummyWorker, SaysHowMuchItReadForAVector) {
    ask(1, {{"input", {"one two", "three"}}}, "/v1/embeddings");
    EXPECT_EQ(events().back()["usage"], (Json{{"prompt", 3}, {"cached", 0}, {"completion", 0}}));
}

TEST_F(DummyWorker, ShutsDownAfterTheJobsUnderWay) {
    options.tokens_per_second = 10;
    ask(1, {{"prompt", ""}, {"stream", true}});
    EXPECT_TRUE(send({{"op", "shutdown"}, {"deadline_ms", 5000}}));
    EXPECT_FALSE(worker().done());
    ask(2, {{"prompt", ""}});
    EXPECT_EQ(events().at(0)["code"], "unreachable");
    pass(1s);
    EXPECT_EQ(events().back()["reason"], "stop");
    EXPECT_TRUE(worker().done());
}

TEST_F(DummyWorker, ShutsDownAtTheDeadlineWhateverIsUnderWay) {
    options.tokens_per_second = 0.001;
    ask(1, {{"prompt", ""}, {"stream", true}});
    EXPECT_TRUE(send({{"op", "shutdown"}, {"deadline_ms", 500}}));
    EXPECT_EQ(count(events(), "body"), 1U);
    EXPECT_EQ(worker().wake(), now + 500ms);
    pass(500ms);
    worker().advance(now);
    EXPECT_TRUE(worker().done());
}

}  // namespace
}  // namespace threadrunner::dummy
