#include "worker/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "base/limits.h"
#include "worker/supervisor_fixture.h"

namespace threadrunner {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

/// What becomes of a worker that hangs.
class SupervisorWatchTest : public SupervisorFixture {};

TEST_F(SupervisorWatchTest, AWorkerThatDoesNotAnswerGetsNoNewWorkUntilItDoes) {
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

TEST_F(SupervisorWatchTest, AWorkerThatDoesNotAnswerForLongIsKilled) {
    watch_closely();
    settings_.worker_dead = 100ms;  // a busy machine must get as far as the token
    ScriptedWorker& worker = start("a", 1);
    worker.token(1, "x");
    wait_until([&] { return !worker.signals.empty(); });
    worker.exit({.signal = SIGKILL});
    EXPECT_THAT(clients_[0].sink.error_message(),
                HasSubstr("did not answer for 100ms and was ended by signal 9"));
}

TEST_F(SupervisorWatchTest, AWorkerThatNeverGreetsIsKilled) {
    watch_closely();
    settings_.worker_hello = 5ms;
    submit("a");
    wait_until([&] { return !worker(0).signals.empty(); });
    worker(0).exit({.signal = SIGKILL});
    EXPECT_THAT(supervisor().last_crash(), HasSubstr("did not greet within 5ms"));
}

TEST_F(SupervisorWatchTest, AWorkerThatAnswersButComputesNothingIsKilled) {
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

TEST_F(SupervisorWatchTest, AWorkerWhoseClientDoesNotReadIsNotBlamedForWaiting) {
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

TEST_F(SupervisorWatchTest, AWorkerIsNotKilledBecauseTheDaemonWasSuspended) {
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

}  // namespace
}  // namespace threadrunner
