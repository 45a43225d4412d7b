#include "worker/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "worker/supervisor_fixture.h"

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;
using wire::Json;

/// How a worker is made to end.
class SupervisorStopTest : public SupervisorFixture {};

TEST_F(SupervisorStopTest, StoppingLetsAJobFinishAndThenWaitsForTheProcess) {
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

TEST_F(SupervisorStopTest, AWorkerThatDoesNotStopIsAskedOnceThenKilledAndItsJobSaysSo) {
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

TEST_F(SupervisorStopTest, AWorkerThatHasFinishedItsJobsIsNotGivenTheirTimeToExit) {
    watch_closely();
    settings_.worker_stop = 1ms;
    settings_.worker_kill = 5ms;
    ScriptedWorker& worker = start("a", 1);
    pool().stop(never, [] {});
    worker.done(1);
    wait_until([&] { return std::ranges::count(worker.signals, SIGKILL) > 0; });
    EXPECT_EQ(worker.signals.front(), SIGTERM);
}

}  // namespace
}  // namespace threadrunner
