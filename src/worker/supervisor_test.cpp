#include "worker/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "base/limits.h"
#include "worker/supervisor_fixture.h"

namespace threadrunner {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;
using wire::Json;

/// What a worker is given, and what becomes of what it says.
class SupervisorTest : public SupervisorFixture {};

TEST_F(SupervisorTest, AWorkerGetsWorkOnceItHasGreetedAndLoaded) {
    kind_.loads = true;
    Client& client = submit("hi");
    ASSERT_EQ(started(), 1U);
    EXPECT_THAT(worker(0).command.arguments, ElementsAre("m"));
    EXPECT_EQ(supervisor().state_name(), "starting");
    EXPECT_THAT(worker(0).sent, IsEmpty());
    worker(0).greet(0);
    EXPECT_THAT(worker(0).sent, ElementsAre(Json{{"op", "load"}, {"id", 0}, {"path", "m"}}));
    worker(0).say({{"ev", "load"}, {"id", 0}, {"stage", "model"}, {"fraction", 0.5}});
    worker(0).say({{"ev", "done"}, {"id", 0}, {"slots", 2}, {"meta", {{"name", "gemma"}}}});
    EXPECT_EQ(client.story(), "accepted, queued 1, load 0.5");
    EXPECT_EQ(worker(0).sent.back(),
              (Json{{"op", "work"}, {"text", "hi"}, {"id", 1}, {"slot", 0}}));
    EXPECT_EQ(supervisor().state_name(), "busy");
    EXPECT_EQ(supervisor().meta(), (Json{{"name", "gemma"}}));
    worker(0).token(1, "yes");
    worker(0).done(1);
    EXPECT_EQ(client.story(), "accepted, queued 1, load 0.5, token yes, done stop");
    EXPECT_EQ(supervisor().state_name(), "ready");
}

TEST_F(SupervisorTest, AJobThatOnlyWantsItReadyLearnsWhatIsLoaded) {
    kind_.loads = true;
    kind_.threads = 3;
    Client& client = submit(loads());
    worker(0).greet(0);
    worker(0).say({{"ev", "done"}, {"id", 0}, {"slots", 2}, {"meta", {{"name", "gemma"}}}});
    ASSERT_EQ(client.story(), "accepted, queued 1, done stop");
    EXPECT_EQ(std::get<event::Done>(client.sink.events.back()).result,
              (Json{{"meta", {{"name", "gemma"}}}, {"slots", 2}, {"threads", 3}}));
    EXPECT_EQ(worker(0).work(), "");
}

TEST_F(SupervisorTest, NoSlotIsEverSharedAndNoJobIsSentBeyondThem) {
    for (const char* text : {"a", "b", "c", "d", "e"}) {
        submit(text);
    }
    worker(0).greet(2);
    EXPECT_EQ(worker(0).work(), "a b");
    worker(0).done(2);
    worker(0).done(1);
    EXPECT_EQ(worker(0).work(), "a b c d");
    worker(0).done(4);
    EXPECT_EQ(worker(0).work(), "a b c d e");
    std::vector<int> slots;
    for (const Json& frame : worker(0).sent_with("work")) {
        slots.push_back(frame.at("slot").get<int>());
    }
    EXPECT_THAT(slots, ElementsAre(0, 1, 1, 0, 0));
}

TEST_F(SupervisorTest, AJobOfSeveralAnswersWaitsForItsSlotsAndIsNotOvertaken) {
    submit("a");
    submit("b");
    submit(asks_for_answers("wide", 2));
    submit("c");
    worker(0).greet(3);
    EXPECT_EQ(worker(0).work(), "a b") << "one slot is free, and kept";
    EXPECT_EQ(supervisor().busy(), 2U);
    worker(0).finish("a");
    EXPECT_EQ(worker(0).work(), "a b wide");
    EXPECT_EQ(worker(0).sent.back(),
              (Json{{"op", "work"}, {"text", "wide"}, {"id", 3}, {"slot", 0}, {"answers", 2}}));
    EXPECT_EQ(supervisor().busy(), 3U);
    worker(0).finish("wide");
    EXPECT_EQ(worker(0).work(), "a b wide c");
    worker(0).finish("b");
    worker(0).finish("c");
    EXPECT_TRUE(supervisor().idle());
    EXPECT_EQ(supervisor().busy(), 0U);
}

TEST_F(SupervisorTest, MoreAnswersThanThereAreSlotsAreRefusedAndTheNextIsServed) {
    Client& wide = submit(asks_for_answers("wide", 4));
    submit("a");
    worker(0).greet(3);
    EXPECT_EQ(wide.story(), "accepted, queued 1, error invalid_request");
    EXPECT_THAT(wide.sink.error_message(), HasSubstr("3 answers at once, not 4"));
    EXPECT_EQ(worker(0).work(), "a");
}

TEST_F(SupervisorTest, AFailedLoadEndsAllThatWaitForItAndNobodyElse) {
    kind_.loads = true;
    Client& other = submit("a", "good");
    worker(0).greet(0);
    worker(0).say({{"ev", "done"}, {"id", 0}, {"slots", 1}});
    Client& first = submit("b", "bad");
    Client& second = submit("c", "bad");
    worker(1).greet(0);
    worker(1).say({{"ev", "error"}, {"id", 0}, {"code", "model_load_failed"}, {"message", "torn"}});
    EXPECT_EQ(first.story(), "accepted, queued 1, error model_load_failed");
    EXPECT_EQ(second.story(), "accepted, queued 2, error model_load_failed");
    EXPECT_EQ(second.sink.error_message(), "torn");
    EXPECT_FALSE(other.sink.ended());
    EXPECT_EQ(worker(1).sent_with("shutdown").size(), 1U);
    worker(1).exit({});
    settle();
    EXPECT_EQ(started(), 2U) << "it is not tried again by itself";
    submit("d", "bad");
    EXPECT_EQ(started(), 3U) << "but for the next who asks";
}

TEST_F(SupervisorTest, ALoadIsCancelledOnlyWhenNobodyWaitsForItAnyMore) {
    kind_.loads = true;
    Client& first = submit("a");
    Client& second = submit("b");
    worker(0).greet(0);
    jobs_.cancel(first.id);
    EXPECT_THAT(worker(0).sent_with("cancel"), IsEmpty());
    jobs_.cancel(second.id);
    EXPECT_THAT(worker(0).sent_with("cancel"), ElementsAre(Json{{"op", "cancel"}, {"id", 0}}));
    EXPECT_EQ(worker(0).sent_with("shutdown").size(), 1U);
    worker(0).say({{"ev", "done"}, {"id", 0}, {"slots", 1}});
    EXPECT_EQ(supervisor().state_name(), "draining") << "a load that was too fast changes nothing";
    Client& third = submit("c");
    worker(0).exit({});
    settle();
    ASSERT_EQ(started(), 2U) << "who comes later gets a worker of their own";
    worker(1).greet(0);
    worker(1).say({{"ev", "done"}, {"id", 0}, {"slots", 1}});
    worker(1).done(1);
    EXPECT_EQ(third.story(), "accepted, queued 1, done stop");
}

TEST_F(SupervisorTest, EachJobHearsItsOwnEventsAndNoOthers) {
    Client& ann = submit("a");
    Client& bob = submit("b");
    worker(0).greet(2);
    worker(0).token(2, "beta");
    worker(0).token(1, "alpha");
    worker(0).say({{"ev", "error"}, {"id", 2}});
    worker(0).done(1);
    EXPECT_EQ(ann.story(), "accepted, queued 1, token alpha, done stop");
    EXPECT_EQ(bob.story(), "accepted, queued 2, token beta, error inference_failed");
}

TEST_F(SupervisorTest, CancellingEndsAsCancelledWhateverTheWorkerSays) {
    ScriptedWorker& worker = start("a", 1);
    jobs_.cancel(clients_[0].id);
    EXPECT_EQ(worker.sent.back(), (Json{{"op", "cancel"}, {"id", 1}}));
    worker.say({{"ev", "error"}, {"id", 1}});
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, done cancelled");
    jobs_.cancel(clients_[0].id);
    EXPECT_EQ(worker.sent_with("cancel").size(), 1U);
}

TEST_F(SupervisorTest, AJobPastItsDeadlineKeepsItsSlotUntilTheWorkerLetsGo) {
    ScriptedWorker& worker = start("a", 1);
    worker.finish("a");
    JobSpec spec = asks("b");
    spec.deadline = Clock::now() + 2ms;
    Client& slow = submit(std::move(spec));
    Client& next = submit("c");
    wait_until([&] { return slow.sink.ended(); });
    EXPECT_EQ(worker.sent_with("cancel").size(), 1U);
    say_tokens(worker, 2, 200);
    EXPECT_EQ(worker.work(), "a b") << "the slot is still computing";
    EXPECT_EQ(slow.story(), "accepted, error timeout") << "late words are dropped";
    EXPECT_EQ(worker.sent_with("credit").size(), 1U) << "and do not hold the worker up";
    worker.finish("b");
    EXPECT_EQ(worker.work(), "a b c");
    worker.finish("c");
    EXPECT_EQ(next.story(), "accepted, queued 1, done stop");
}

TEST_F(SupervisorTest, AWorkerThatIsBeingKilledGetsNoMoreWork) {
    ScriptedWorker& first = start("a", 2);
    first.token(99, "whose?");
    EXPECT_THAT(first.signals, ElementsAre(SIGKILL));
    Client& client = submit("b");
    EXPECT_EQ(first.work(), "a");
    first.exit({.signal = SIGKILL});
    settle();
    ASSERT_EQ(started(), 2U);
    worker(1).greet(2);
    EXPECT_EQ(worker(1).work(), "a");
    worker(1).crash();
    settle();
    worker(2).greet(2);
    worker(2).finish("b");
    EXPECT_EQ(client.story(), "accepted, queued 1, done stop") << "it saw one crash, not two";
}

TEST_F(SupervisorTest, FramesWithoutMeaningEndTheWorkerWithTheReason) {
    const auto reason = [&](const Json& frame, const Json& hello) {
        const std::string model = std::to_string(started());
        Client& client = submit("a", model);
        ScriptedWorker& newest = workers_.back();
        newest.say(hello);
        newest.say(frame);
        EXPECT_THAT(newest.signals, Not(IsEmpty()));
        newest.exit({.signal = SIGKILL});
        std::string crash = supervisor(model).last_crash();
        jobs_.cancel(client.id);
        return crash;
    };
    const Json hello = {{"ev", "hello"}, {"v", 1}, {"slots", 1}};
    EXPECT_THAT(reason(7, hello), HasSubstr("sent a frame that is no map"));
    EXPECT_THAT(reason({{"ev", "token"}, {"id", 99}}, hello),
                HasSubstr("sent an event for a job that it does not have"));
    EXPECT_THAT(reason({}, {{"ev", "hello"}, {"v", 2}, {"slots", 1}}),
                HasSubstr("speaks version 2 of the worker protocol, not 1"));
    EXPECT_THAT(reason({}, {{"ev", "hello"}, {"v", 1}}), HasSubstr("offers 0 slots"));
    EXPECT_THAT(reason({}, {{"ev", "hello"}, {"v", 1}, {"slots", 1ULL << 60}}),
                HasSubstr("offers 1152921504606846976 slots"));
}

TEST_F(SupervisorTest, CreditGoesBackToTheWorkerInParcels) {
    ScriptedWorker& worker = start("a", 1);
    say_tokens(worker, 1, 300);
    Client& client = clients_[0];
    EXPECT_EQ(client.sink.unpaid, 300U);
    jobs_.credit(client.id, 127);
    EXPECT_THAT(worker.sent_with("credit"), IsEmpty());
    jobs_.credit(client.id, 3);
    EXPECT_THAT(worker.sent_with("credit"),
                ElementsAre(Json{{"op", "credit"}, {"id", 1}, {"n", 130}}));
}

TEST_F(SupervisorTest, AFrameCostsOneCreditWhateverItBecomes) {
    ScriptedWorker& worker = start("a", 1);
    worker.say({{"ev", "pair"}, {"id", 1}, {"text", "x"}});
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, token x, token x");
    EXPECT_EQ(clients_[0].sink.unpaid, 1U);
    for (int i = 0; i < 128; ++i) {
        worker.say({{"ev", "silent"}, {"id", 1}});
    }
    EXPECT_EQ(clients_[0].sink.unpaid, 1U);
    EXPECT_EQ(worker.sent_with("credit").size(), 1U) << "nobody else could have paid for them";
    for (int i = 0; i < 2000; ++i) {
        worker.say({{"ev", "head"}, {"id", 1}});
    }
    EXPECT_THAT(worker.signals, IsEmpty()) << "a head is free";
}

TEST_F(SupervisorTest, AWorkerThatIgnoresItsCreditIsKilledAndItsAnswerIsNotTakenForWhole) {
    ScriptedWorker& worker = start("a", 1);
    say_tokens(worker, 1, static_cast<int>(limits::credit_at_start));
    EXPECT_THAT(worker.signals, IsEmpty());
    say_tokens(worker, 1, 2);
    worker.done(1);
    EXPECT_THAT(worker.signals, Contains(SIGKILL));
    EXPECT_FALSE(clients_[0].sink.ended());
    worker.exit({.signal = SIGKILL});
    EXPECT_THAT(clients_[0].story(), testing::EndsWith("token x, error worker_crashed"));
    EXPECT_THAT(clients_[0].sink.error_message(),
                HasSubstr("sent more events than its credit allows and was ended by signal 9"));
}

TEST_F(SupervisorTest, HowLongAWorkerStaysIsItsPlansToSayUnlessAJobDoes) {
    settings_.worker_idle = std::chrono::hours(1);
    kind_.idle = 1ms;
    start("a", 1).done(1);
    EXPECT_LE(*supervisor().expires_at(), Clock::now() + 1ms);
    JobSpec spec = asks("b");
    spec.keep_alive = std::chrono::hours(2);
    submit(std::move(spec));
    worker(started() - 1).greet(1);
    worker(started() - 1).finish("b");
    EXPECT_GT(*supervisor().expires_at(), Clock::now() + std::chrono::hours(1));
}

}  // namespace
}  // namespace threadrunner
