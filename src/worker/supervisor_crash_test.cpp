#include "worker/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "worker/supervisor_fixture.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// What becomes of a worker's jobs when it is gone all of a sudden.
class SupervisorCrashTest : public SupervisorFixture {
protected:
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
};

TEST_F(SupervisorCrashTest, WhatAWorkerLeavesThatSomebodyElseEndsGoesToTheNext) {
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

TEST_F(SupervisorCrashTest, AJobThatEveryWorkerGivesUpIsNotTriedForEver) {
    start("a", 1);
    worker(0).say({{"ev", "done"}, {"id", 1}, {"reason", "cancelled"}});
    worker(0).exit({});
    settle();
    worker(1).greet(1);
    worker(1).say({{"ev", "done"}, {"id", 1}, {"reason", "cancelled"}});
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, error unreachable");
}

TEST_F(SupervisorCrashTest, JobsThatHadSaidNothingRunAgainInTheirOrderBeforeTheOthers) {
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

TEST_F(SupervisorCrashTest, AJobThatHadSpokenEndsWithTheLastLinesOfItsWorker) {
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

TEST_F(SupervisorCrashTest, ACancelledJobWhoseWorkerCrashesEndsAsCancelled) {
    ScriptedWorker& worker = start("a", 1);
    worker.token(1, "x");
    jobs_.cancel(clients_[0].id);
    worker.crash();
    settle();
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, token x, done cancelled");
    EXPECT_EQ(started(), 1U);
}

TEST_F(SupervisorCrashTest, AJobThatWasUnderWayInTwoCrashesIsNotTriedAThirdTime) {
    start("poison", 1);
    worker(0).crash();
    settle();
    worker(1).greet(1);
    worker(1).crash();
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, error worker_crashed");
    EXPECT_THAT(clients_[0].sink.error_message(),
                HasSubstr("this job was under way in 2 crashes and is not tried again"));
}

TEST_F(SupervisorCrashTest,
       AfterACrashTheJobsOfItAreTriedOneAtATimeSoThatOneCannotTakeOthersWithIt) {
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

TEST_F(SupervisorCrashTest, AJobThatSpeaksOnItsSecondTryHoldsNobodyUpAnyMore) {
    crash_under({"a", "b"});
    submit("c");
    worker(1).token(3, "x");
    EXPECT_EQ(worker(1).work(), "a") << "the next may be the one that crashes";
    worker(1).finish("a");
    worker(1).token(4, "x");
    EXPECT_EQ(worker(1).work(), "a b c");
}

TEST_F(SupervisorCrashTest, AJobThatIsGivenUpWhileItWaitsForItsSecondTryHoldsNobodyUp) {
    crash_under({"a", "b"});
    submit("c");
    EXPECT_EQ(worker(1).work(), "a");
    jobs_.cancel(clients_[1].id);
    worker(1).finish("a");
    submit("d");
    EXPECT_EQ(worker(1).work(), "a c d");
}

TEST_F(SupervisorCrashTest, AfterThreeCrashesInARowRequestsAreRefusedAtOnceAndLaterServedAgain) {
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

TEST_F(SupervisorCrashTest, AFinishedJobBetweenCrashesMeansThatTheWorkerIsNotHopeless) {
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

TEST_F(SupervisorCrashTest, AJobThatWasGivenUpBetweenCrashesForgivesNothing) {
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

TEST_F(SupervisorCrashTest, ACrashedWorkerIsNotStartedAgainBeforeItsWaitIsOver) {
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

TEST_F(SupervisorCrashTest, WhatForgivesCrashesIsTheKindsToSay) {
    kind_.forgiven_when_ready = true;
    settings_.worker_restart_min = settings_.worker_restart_max = std::chrono::milliseconds(0);
    submit("a");
    worker(0).crash();
    wait_until([&] { return started() == 2; });
    EXPECT_EQ(supervisor().crash_policy().crashes(), 1);
    worker(1).greet(1);
    EXPECT_EQ(supervisor().crash_policy().crashes(), 0) << "being ready is enough for it";
}

TEST_F(SupervisorCrashTest, JobsThatACrashedWorkerHadNotBegunAreNotBlamedForIt) {
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

TEST_F(SupervisorCrashTest, AWorkerThatHadToEndForAJobsSakeHasNotCrashed) {
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

}  // namespace
}  // namespace threadrunner
