#include "worker/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "base/limits.h"
#include "worker/pool_fixture.h"

namespace threadrunner {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;
using wire::Json;

/// One worker for one target, fed by the pool as in the daemon.
class SupervisorTest : public PoolFixture {
protected:
    SupervisorTest() {
        settings_.worker_restart_min = 0ms;
        settings_.worker_restart_max = 0ms;
    }

    /// Lets the worker be watched every millisecond; what is to be judged, the test makes small.
    void watch_closely() {
        settings_.worker_ping = 1ms;
        settings_.worker_hello = settings_.worker_suspect = settings_.worker_dead =
            settings_.worker_stall = never;
    }

    /// Jobs run on the first worker, which crashes; the second has room for one more than them.
    void crash_under(const std::vector<std::string>& texts) {
        const auto slots = static_cast<int>(texts.size()) + 1;
        for (const std::string& text : texts) {
            submit(text);
        }
        worker(0).greet(slots);
        worker(0).crash();
        settle();
        worker(1).greet(slots);
    }

    void say_tokens(ScriptedWorker& worker, std::int64_t id, int count) {
        for (int i = 0; i < count; ++i) {
            worker.token(id, "x");
        }
    }
};

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

TEST_F(SupervisorTest, WhatAWorkerLeavesThatSomebodyElseEndsGoesToTheNext) {
    for (const char* text : {"a", "b", "c"}) {
        submit(text);
    }
    worker(0).greet(2);
    worker(0).token(1, "half");
    worker(0).say({{"ev", "done"}, {"id", 1}, {"reason", "cancelled"}});
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, token half, error unreachable");
    EXPECT_THAT(clients_[0].sink.error_message(), HasSubstr("stopped before the job was finished"));
    worker(0).say({{"ev", "done"}, {"id", 2}, {"reason", "cancelled"}});
    EXPECT_EQ(worker(0).work(), "a b") << "it gets no more";
    worker(0).exit({});
    settle();
    ASSERT_EQ(started(), 2U);
    worker(1).greet(2);
    EXPECT_EQ(worker(1).work(), "b c");
    worker(1).finish("b");
    EXPECT_EQ(clients_[1].story(), "accepted, queued 2, done stop");
}

TEST_F(SupervisorTest, AJobThatEveryWorkerGivesUpIsNotTriedForEver) {
    start("a", 1);
    worker(0).say({{"ev", "done"}, {"id", 1}, {"reason", "cancelled"}});
    worker(0).exit({});
    settle();
    worker(1).greet(1);
    worker(1).say({{"ev", "done"}, {"id", 1}, {"reason", "cancelled"}});
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, error unreachable");
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

TEST_F(SupervisorTest, JobsThatHadSaidNothingRunAgainInTheirOrderBeforeTheOthers) {
    for (const char* text : {"a", "b", "c"}) {
        submit(text);
    }
    worker(0).greet(2);
    worker(0).say({{"ev", "prompt"}, {"id", 1}});
    worker(0).crash();
    settle();
    ASSERT_EQ(started(), 2U);
    worker(1).greet(3);
    for (const char* text : {"a", "b", "c"}) {
        worker(1).finish(text);
    }
    EXPECT_EQ(worker(1).work(), "a b c");
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, prompt, done stop");
    EXPECT_EQ(clients_[2].story(), "accepted, queued 3, done stop");
}

TEST_F(SupervisorTest, AJobThatHadSpokenEndsWithTheLastLinesOfItsWorker) {
    ScriptedWorker& worker = start("a", 1);
    for (int i = 1; i <= 30; ++i) {
        worker.log("error: line " + std::to_string(i));
    }
    worker.token(1, "half an");
    worker.crash();
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, token half an, error worker_crashed");
    const std::string message = clients_[0].sink.error_message();
    EXPECT_THAT(message, HasSubstr("the worker scripted:m was ended by signal 11"));
    EXPECT_THAT(message, HasSubstr("while it answered; send the request again"));
    EXPECT_THAT(message, HasSubstr("its last lines:\n  error: line 11\n"));
    EXPECT_THAT(message, HasSubstr("\n  error: line 30"));
    EXPECT_THAT(message, Not(HasSubstr("line 10")));
}

TEST_F(SupervisorTest, ACancelledJobWhoseWorkerCrashesEndsAsCancelled) {
    ScriptedWorker& worker = start("a", 1);
    worker.token(1, "x");
    jobs_.cancel(clients_[0].id);
    worker.crash();
    settle();
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, token x, done cancelled");
    EXPECT_EQ(started(), 1U);
}

TEST_F(SupervisorTest, AJobThatWasUnderWayInTwoCrashesIsNotTriedAThirdTime) {
    start("poison", 1);
    worker(0).crash();
    settle();
    worker(1).greet(1);
    worker(1).crash();
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, error worker_crashed");
    EXPECT_THAT(clients_[0].sink.error_message(),
                HasSubstr("this job was under way in 2 crashes and is not tried again"));
}

TEST_F(SupervisorTest, AfterACrashTheJobsOfItAreTriedOneAtATimeSoThatOneCannotTakeOthersWithIt) {
    for (const char* text : {"innocent", "poison", "late"}) {
        submit(text);
    }
    worker(0).greet(2);
    EXPECT_EQ(worker(0).work(), "innocent poison");
    worker(0).crash();
    settle();
    worker(1).greet(2);
    EXPECT_EQ(worker(1).work(), "innocent");
    worker(1).finish("innocent");
    EXPECT_EQ(worker(1).work(), "innocent poison");
    worker(1).crash();
    settle();
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, done stop");
    EXPECT_EQ(clients_[1].story(), "accepted, queued 2, error worker_crashed");
    submit("later");
    worker(2).greet(2);
    EXPECT_EQ(worker(2).work(), "late later") << "nobody is tried any more";
}

TEST_F(SupervisorTest, AJobThatSpeaksOnItsSecondTryHoldsNobodyUpAnyMore) {
    crash_under({"a", "b"});
    submit("c");
    worker(1).token(3, "x");
    EXPECT_EQ(worker(1).work(), "a") << "the next may be the one that crashes";
    worker(1).finish("a");
    worker(1).token(4, "x");
    EXPECT_EQ(worker(1).work(), "a b c");
}

TEST_F(SupervisorTest, AJobThatIsGivenUpWhileItWaitsForItsSecondTryHoldsNobodyUp) {
    crash_under({"a", "b"});
    submit("c");
    EXPECT_EQ(worker(1).work(), "a");
    jobs_.cancel(clients_[1].id);
    worker(1).finish("a");
    submit("d");
    EXPECT_EQ(worker(1).work(), "a c d");
}

TEST_F(SupervisorTest, AfterThreeCrashesInARowRequestsAreRefusedAtOnceAndLaterServedAgain) {
    settings_.worker_failed = 20ms;
    Client& client = submit("a");
    for (std::size_t life = 0; life < 3; ++life) {
        worker(life).log("error: no such device");
        worker(life).crash();
        settle();
    }
    EXPECT_EQ(client.story(), "accepted, queued 1, error worker_crashed");
    EXPECT_THAT(client.sink.error_message(), HasSubstr("crashed 3 times in a row"));
    EXPECT_THAT(client.sink.error_message(), HasSubstr("error: no such device"));
    const auto retry_after = std::get<Error>(client.sink.events.back()).retry_after;
    ASSERT_TRUE(retry_after);
    EXPECT_GT(*retry_after, 0ms);
    EXPECT_LE(*retry_after, 20ms);
    EXPECT_EQ(started(), 3U);
    wait_until([&] { return supervisor().state_name() == "stopped"; });
    submit("b");
    EXPECT_EQ(started(), 4U);
    EXPECT_FALSE(clients_[1].sink.ended());
}

TEST_F(SupervisorTest, AFinishedJobBetweenCrashesMeansThatTheWorkerIsNotHopeless) {
    for (int i = 0; i < 4; ++i) {
        const std::size_t life = started();
        submit("a");
        worker(life).greet(1);
        worker(life).finish("a");
        worker(life).crash();
        settle();
    }
    EXPECT_EQ(submit("b").story(), "accepted, queued 1");
    EXPECT_EQ(started(), 5U);
}

TEST_F(SupervisorTest, AJobThatWasGivenUpBetweenCrashesForgivesNothing) {
    settings_.worker_restart_min = settings_.worker_restart_max = 0ms;
    Client& client = submit("a");
    for (std::size_t life = 0; life < 3; ++life) {
        worker(life).greet(2);
        Client& other = submit("b");
        jobs_.cancel(other.id);
        worker(life).finish("b");
        EXPECT_TRUE(other.sink.ended());
        worker(life).token(1, "x");
        worker(life).crash();
        settle();
        if (life < 2) {
            submit("again");
        }
    }
    EXPECT_EQ(client.story(), "accepted, queued 1, token x, error worker_crashed");
    EXPECT_EQ(supervisor().state_name(), "failed");
}

TEST_F(SupervisorTest, ACrashedWorkerIsNotStartedAgainBeforeItsWaitIsOver) {
    settings_.worker_restart_min = settings_.worker_restart_max = 20ms;
    start("a", 1);
    worker(0).crash();
    settle();
    EXPECT_EQ(started(), 1U);
    EXPECT_EQ(supervisor().state_name(), "stopped");
    wait_until([&] { return started() == 2; });
    worker(1).greet(1);
    EXPECT_EQ(worker(1).work(), "a");
}

TEST_F(SupervisorTest, AWorkerThatDoesNotAnswerGetsNoNewWorkUntilItDoes) {
    watch_closely();
    settings_.worker_suspect = 300ms;  // held up that long, the daemon would think that it slept
    ScriptedWorker& worker = start("a", 2);
    const Job other;
    wait_until([&] { return !supervisor().has_room_for(other); });
    submit("b");
    EXPECT_EQ(worker.work(), "a");
    wait_until([&] {
        worker.answer_pings();
        return worker.work() == "a b";
    });
    EXPECT_THAT(worker.signals, IsEmpty());
}

TEST_F(SupervisorTest, AWorkerThatDoesNotAnswerForLongIsKilled) {
    watch_closely();
    settings_.worker_dead = 100ms;  // a busy machine must get as far as the token
    ScriptedWorker& worker = start("a", 1);
    worker.token(1, "x");
    wait_until([&] { return !worker.signals.empty(); });
    worker.exit({.signal = SIGKILL});
    EXPECT_THAT(clients_[0].sink.error_message(),
                HasSubstr("did not answer for 100ms and was ended by signal 9"));
}

TEST_F(SupervisorTest, AWorkerThatNeverGreetsIsKilled) {
    watch_closely();
    settings_.worker_hello = 5ms;
    submit("a");
    wait_until([&] { return !worker(0).signals.empty(); });
    worker(0).exit({.signal = SIGKILL});
    EXPECT_THAT(supervisor().last_crash(), HasSubstr("did not greet within 5ms"));
}

TEST_F(SupervisorTest, AWorkerThatAnswersButComputesNothingIsKilled) {
    watch_closely();
    settings_.worker_stall = 5ms;
    ScriptedWorker& worker = start("a", 1);
    wait_until([&] {
        worker.answer_pings();
        return !worker.signals.empty();
    });
    worker.exit({.signal = SIGKILL});
    EXPECT_THAT(supervisor().last_crash(), HasSubstr("made no progress for 5ms"));
}

TEST_F(SupervisorTest, AWorkerWhoseClientDoesNotReadIsNotBlamedForWaiting) {
    watch_closely();
    ScriptedWorker& worker = start("a", 1);
    say_tokens(worker, 1, static_cast<int>(limits::credit_at_start));
    settings_.worker_stall = 3ms;
    const std::size_t pings = worker.sent_with("ping").size();
    wait_until([&] {
        worker.answer_pings();
        return worker.sent_with("ping").size() > pings + 15;
    });
    EXPECT_THAT(worker.signals, IsEmpty());

    jobs_.cancel(clients_[0].id);
    wait_until([&] {
        worker.answer_pings();
        return !worker.signals.empty();
    });
    EXPECT_THAT(worker.signals, Contains(SIGKILL)) << "nothing excuses being deaf to a cancel";
}

TEST_F(SupervisorTest, AWorkerIsNotKilledBecauseTheDaemonWasSuspended) {
    watch_closely();
    settings_.worker_suspect = 5ms;
    settings_.worker_dead = 10ms;
    ScriptedWorker& worker = start("a", 1);
    for (int i = 0; i < 3; ++i) {
        std::this_thread::sleep_for(15ms);
        loop_.poll();
        worker.answer_pings();
    }
    EXPECT_THAT(worker.signals, IsEmpty());
}

TEST_F(SupervisorTest, StoppingLetsAJobFinishAndThenWaitsForTheProcess) {
    watch_closely();
    ScriptedWorker& worker = start("a", 1);
    bool stopped = false;
    pool().stop(10s, [&] { stopped = true; });
    settle();
    EXPECT_THAT(worker.sent_with("shutdown"),
                ElementsAre(Json{{"op", "shutdown"}, {"deadline_ms", 10'000}}));
    worker.token(1, "x");
    worker.done(1);
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, token x, done stop");
    EXPECT_FALSE(stopped);
    worker.exit({});
    settle();
    EXPECT_TRUE(stopped);
    EXPECT_THAT(worker.signals, IsEmpty());
}

TEST_F(SupervisorTest, AWorkerThatDoesNotStopIsAskedOnceThenKilledAndItsJobSaysSo) {
    watch_closely();
    settings_.worker_kill = 10ms;
    ScriptedWorker& worker = start("a", 1);
    bool stopped = false;
    pool().stop(2ms, [&] { stopped = true; });
    wait_until([&] { return std::ranges::count(worker.signals, SIGKILL) > 0; });
    EXPECT_EQ(worker.signals.front(), SIGTERM);
    EXPECT_EQ(std::ranges::count(worker.signals, SIGTERM), 1);
    worker.exit({.signal = SIGKILL});
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, error unreachable");
    EXPECT_THAT(clients_[0].sink.error_message(), HasSubstr("stopped before the job was finished"));
    EXPECT_TRUE(stopped);
}

TEST_F(SupervisorTest, AWorkerThatHasFinishedItsJobsIsNotGivenTheirTimeToExit) {
    watch_closely();
    settings_.worker_stop = 1ms;
    settings_.worker_kill = 5ms;
    ScriptedWorker& worker = start("a", 1);
    pool().stop(never, [] {});
    worker.done(1);
    wait_until([&] { return std::ranges::count(worker.signals, SIGKILL) > 0; });
    EXPECT_EQ(worker.signals.front(), SIGTERM);
}

TEST_F(SupervisorTest, JobsThatACrashedWorkerHadNotBegunAreNotBlamedForIt) {
    for (const char* text : {"a", "b", "c"}) {
        submit(text);
    }
    worker(0).greet(3);
    worker(0).exit({.signal = SIGSEGV,
                    .begun = std::set<std::uint64_t>{2},
                    .verdict = Error{.code = ErrorCode::worker_crashed, .message = "failed at b"}});
    EXPECT_EQ(clients_[1].story(), "accepted, queued 2, error worker_crashed");
    settle();
    worker(1).greet(3);
    EXPECT_EQ(worker(1).work(), "a c") << "both at once: none is on trial";
    worker(1).exit({.signal = SIGSEGV, .begun = std::set<std::uint64_t>{5}});
    settle();
    worker(2).greet(3);
    worker(2).finish("a");
    worker(2).finish("c");
    EXPECT_THAT(clients_[0].story(), testing::EndsWith("done stop"));
    EXPECT_THAT(clients_[2].story(), testing::EndsWith("done stop"))
        << "it was under way in one crash only";
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

TEST_F(SupervisorTest, AWorkerThatHadToEndForAJobsSakeHasNotCrashed) {
    for (int life = 0; life < 2 * limits::crashes_until_failed; ++life) {
        submit("slow");
        settle();
        ScriptedWorker& newest = worker(started() - 1);
        newest.greet(1);
        newest.exit({.signal = SIGKILL,
                     .is_crash = false,
                     .begun = std::set<std::uint64_t>{1},
                     .verdict = Error{.code = ErrorCode::timeout, .message = "too long"}});
        EXPECT_EQ(clients_.back().story(), "accepted, queued 1, error timeout");
        settle();
    }
}

TEST_F(SupervisorTest, WhatForgivesCrashesIsTheKindsToSay) {
    kind_.forgiven_when_ready = true;
    settings_.worker_restart_min = settings_.worker_restart_max = std::chrono::milliseconds(0);
    submit("a");
    worker(0).crash();
    wait_until([&] { return started() == 2; });
    EXPECT_EQ(supervisor().crash_policy().crashes(), 1);
    worker(1).greet(1);
    EXPECT_EQ(supervisor().crash_policy().crashes(), 0) << "being ready is enough for it";
}

}  // namespace
}  // namespace threadrunner
