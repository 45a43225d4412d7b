#include "worker/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/pool_fixture.h"

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class PoolTest : public PoolFixture {
protected:
    PoolTest() { settings_.worker_evict = 0ms; }

    /// Starts a worker for a model and lets it finish its one job.
    ScriptedWorker& warm(const std::string& model) {
        ScriptedWorker& worker = start("warm-up", 1, model);
        worker.done(1);
        settle();
        return worker;
    }

    [[nodiscard]] static bool was_told_to_stop(const ScriptedWorker& worker) {
        return !worker.sent_with("shutdown").empty();
    }

    /// Has the pool judge anew what waits for a model, after a change of the settings.
    void look_again(const std::string& model) {
        jobs_.cancel(submit("unwanted", model).id);
        settle();
    }

    [[nodiscard]] std::uint64_t reserved() { return total_bytes(pool().budget().reserved()); }

    JobSpec keeping(std::chrono::milliseconds time, JobSpec spec) {
        spec.keep_alive = time;
        return spec;
    }
};

TEST_F(PoolTest, AnUnknownBackendIsRefusedWithThoseThatThereAre) {
    JobSpec spec = asks("a");
    spec.backend = "lama";
    Client& client = submit(std::move(spec));
    EXPECT_EQ(client.story(), "accepted, error invalid_request");
    EXPECT_EQ(client.sink.error_message(), "unknown backend 'lama'; there are: scripted");
}

TEST_F(PoolTest, WhatCanNeverFitIsRefusedWithTheNumbers) {
    kind_.memory["huge"] = 4096;
    Client& client = submit("a", "huge");
    EXPECT_EQ(client.story(), "accepted, queued 1, error out_of_memory");
    EXPECT_THAT(client.sink.error_message(),
                HasSubstr("scripted:huge needs 4.0 KiB (all of it weights), the budget of all "
                          "workers is 1000 bytes; take a smaller model"));
    EXPECT_EQ(started(), 0U);
    EXPECT_THAT(pool().workers(), IsEmpty());
}

TEST_F(PoolTest, MemoryIsReservedWhileTheProcessLivesAndGivenBackAfter) {
    kind_.memory["m"] = 400;
    ScriptedWorker& worker = warm("m");
    EXPECT_EQ(reserved(), 400U);
    ASSERT_TRUE(pool().unload(asks("")));
    EXPECT_EQ(reserved(), 400U) << "until the process is gone";
    worker.exit({});
    EXPECT_EQ(reserved(), 0U);
}

TEST_F(PoolTest, ACrashedWorkerHoldsNoMemory) {
    kind_.memory["m"] = 400;
    warm("m").crash();
    EXPECT_EQ(reserved(), 0U);
}

TEST_F(PoolTest, TheWorkerUsedLongestAgoMakesRoom) {
    kind_.memory = {{"a", 400}, {"b", 400}, {"c", 500}};
    ScriptedWorker& a = warm("a");
    ScriptedWorker& b = warm("b");
    submit("again", "a");
    a.done(2);
    Client& client = submit("c", "c");
    EXPECT_TRUE(was_told_to_stop(b));
    EXPECT_FALSE(was_told_to_stop(a)) << "it was used after b";
    EXPECT_EQ(started(), 2U);
    b.exit({});
    settle();
    ASSERT_EQ(started(), 3U);
    worker(2).greet(1);
    worker(2).done(1);
    EXPECT_EQ(client.story(), "accepted, queued 1, done stop");
}

TEST_F(PoolTest, AsManyAsNeededMakeRoomAndNoMore) {
    kind_.memory = {{"a", 300}, {"b", 300}, {"c", 300}, {"d", 600}};
    ScriptedWorker& a = warm("a");
    ScriptedWorker& b = warm("b");
    ScriptedWorker& c = warm("c");
    submit("d", "d");
    EXPECT_TRUE(was_told_to_stop(a));
    EXPECT_TRUE(was_told_to_stop(b));
    EXPECT_FALSE(was_told_to_stop(c));
    a.exit({});
    settle();
    EXPECT_FALSE(was_told_to_stop(c)) << "what b holds is coming";
    b.exit({});
    settle();
    EXPECT_EQ(started(), 4U);
}

TEST_F(PoolTest, ABusyWorkerIsNotEvictedAndTheJobThatNeedsItsMemoryWaits) {
    kind_.memory = {{"a", 600}, {"b", 600}};
    ScriptedWorker& a = start("long", 1, "a");
    Client& client = submit("b", "b");
    EXPECT_FALSE(was_told_to_stop(a));
    EXPECT_EQ(client.story(), "accepted, queued 1");
    EXPECT_FALSE(submit("more", "a").sink.ended());
    a.done(1);
    settle();
    EXPECT_FALSE(was_told_to_stop(a)) << "its own next job goes on";
    a.done(2);
    settle();
    EXPECT_TRUE(was_told_to_stop(a));
    a.exit({});
    settle();
    EXPECT_EQ(started(), 2U);
}

TEST_F(PoolTest, AJobThatWaitsForMemoryDelaysNobodyElse) {
    kind_.memory = {{"a", 600}, {"b", 600}, {"c", 100}};
    start("long", 1, "a");
    submit("b", "b");
    Client& client = submit("c", "c");
    worker(1).greet(1);
    worker(1).done(1);
    EXPECT_EQ(client.story(), "accepted, queued 1, done stop");
}

TEST_F(PoolTest, AModelThatIsAlwaysBusyMakesRoomInTheEnd) {
    settings_.worker_yield = never;
    kind_.memory = {{"a", 600}, {"b", 600}};
    ScriptedWorker& a = start("a1", 2, "a");
    Client& b = submit("b", "b");
    submit("a2", "a");
    EXPECT_EQ(a.work(), "a1 a2") << "nobody has waited for long";
    settings_.worker_yield = 0ms;
    look_again("b");
    a.finish("a1");
    Client& later = submit("a3", "a");
    EXPECT_EQ(a.work(), "a1 a2");
    EXPECT_FALSE(was_told_to_stop(a)) << "what is under way is finished";
    a.finish("a2");
    settle();
    EXPECT_TRUE(was_told_to_stop(a));
    a.exit({});
    settle();
    ASSERT_EQ(started(), 2U);
    worker(1).greet(1);
    worker(1).finish("b");
    EXPECT_EQ(b.story(), "accepted, queued 1, done stop");
    settle();
    worker(1).exit({});
    settle();
    worker(2).greet(1);
    worker(2).finish("a3");
    EXPECT_EQ(later.story(), "accepted, queued 1, done stop");
}

TEST_F(PoolTest, NobodyOvertakesWhoHasWaitedForLong) {
    settings_.worker_yield = 0ms;
    kind_.memory = {{"a", 600}, {"b", 600}, {"c", 100}};
    ScriptedWorker& a = start("long", 1, "a");
    submit("b", "b");
    submit("c", "c");
    EXPECT_EQ(started(), 1U) << "c would fit, but what it takes is missing to b then";
    a.done(1);
    settle();
    a.exit({});
    settle();
    ASSERT_EQ(started(), 3U);
    EXPECT_THAT(worker(1).command.arguments, ElementsAre("b"));
    EXPECT_THAT(worker(2).command.arguments, ElementsAre("c"));
}

TEST_F(PoolTest, WhenNobodyWaitsForItsMemoryAnyMoreAWorkerGoesOn) {
    settings_.worker_yield = 0ms;
    kind_.memory = {{"a", 600}, {"b", 600}};
    ScriptedWorker& a = start("a1", 2, "a");
    Client& b = submit("b", "b");
    submit("a2", "a");
    EXPECT_EQ(a.work(), "a1");
    jobs_.cancel(b.id);
    wait_until([&] { return a.work() == "a1 a2"; });
    EXPECT_TRUE(pool().memory_line().empty());
}

TEST_F(PoolTest, OnlyTheWorkersThatAreInTheWayYield) {
    settings_.worker_yield = 0ms;
    kind_.memory = {{"a", 400}, {"b", 400}, {"c", 500}};
    ScriptedWorker& a = start("a1", 2, "a");
    ScriptedWorker& b = start("b1", 2, "b");
    submit("c", "c");
    submit("a2", "a");
    submit("b2", "b");
    EXPECT_EQ(a.work(), "a1") << "it has been loaded longer";
    EXPECT_EQ(b.work(), "b1 b2");
}

TEST_F(PoolTest, CoresAreSharedOutAmongTheWorkersThatCompute) {
    kind_.threads = 7;
    const auto told = [](const ScriptedWorker& worker) {
        std::vector<int> threads;
        for (const auto& frame : worker.sent_with("tune")) {
            threads.push_back(frame.at("threads"));
        }
        return threads;
    };
    ScriptedWorker& a = start("a1", 2, "a");
    EXPECT_THAT(told(a), IsEmpty()) << "it has them all";
    ScriptedWorker& b = start("b1", 2, "b");
    EXPECT_THAT(told(a), ElementsAre(3));
    EXPECT_THAT(told(b), ElementsAre(3));
    submit("a2", "a");
    EXPECT_THAT(told(a), ElementsAre(3)) << "nothing has changed";
    b.finish("b1");
    EXPECT_THAT(told(a), ElementsAre(3, 7));
    EXPECT_EQ(supervisor("a").threads(), 7U);
    submit("b2", "b");
    b.crash();
    settle();
    EXPECT_THAT(told(a), ElementsAre(3, 7, 3, 7));
    ScriptedWorker& c = start("c1", 1, "c");
    EXPECT_THAT(told(a), ElementsAre(3, 7, 3, 7, 3));
    c.token(1, "x");
    c.crash();
    EXPECT_THAT(told(a), ElementsAre(3, 7, 3, 7, 3, 7)) << "nobody waits for the one that is gone";
}

TEST_F(PoolTest, AWorkerThatHasJustBeenLoadedIsNotEvictedYet) {
    settings_.worker_evict = never;
    kind_.memory = {{"a", 600}, {"b", 600}};
    ScriptedWorker& a = warm("a");
    submit("b", "b");
    EXPECT_FALSE(was_told_to_stop(a));
    const int plans = made_kind_->plans;
    settings_.worker_evict = 0ms;
    look_again("b");
    EXPECT_TRUE(was_told_to_stop(a));
    EXPECT_LE(made_kind_->plans, plans + 1) << "model files are not read again and again meanwhile";
}

TEST_F(PoolTest, AnIdleWorkerIsUnloadedAfterItsTime) {
    settings_.worker_idle = 5ms;
    ScriptedWorker& worker = start("a", 1);
    EXPECT_EQ(supervisor().expires_at(), std::nullopt) << "it is busy";
    worker.done(1);
    ASSERT_NE(supervisor().expires_at(), std::nullopt);
    wait_until([&] { return was_told_to_stop(worker); });
    worker.exit({});
    settle();
    EXPECT_THAT(pool().workers(), IsEmpty());
}

TEST_F(PoolTest, ARequestThatSaysKeepAliveZeroLeavesNothingLoaded) {
    submit(keeping(0ms, asks("a")));
    worker(0).greet(1);
    worker(0).done(1);
    settle();
    EXPECT_TRUE(was_told_to_stop(worker(0)));
}

TEST_F(PoolTest, ARequestThatSaysKeepAliveForEverIsObeyedUntilTheNext) {
    settings_.worker_idle = 1ms;
    submit(keeping(std::chrono::milliseconds::max(), asks("a")));
    worker(0).greet(1);
    worker(0).done(1);
    EXPECT_EQ(supervisor().expires_at(), std::nullopt);
    submit("b");
    worker(0).done(2);
    wait_until([&] { return was_told_to_stop(worker(0)); });
}

TEST_F(PoolTest, LoadingAWarmModelCanShortenItsTime) {
    ScriptedWorker& worker = warm("m");
    submit(keeping(1ms, loads()));
    wait_until([&] { return was_told_to_stop(worker); });
}

TEST_F(PoolTest, UnloadingStopsAnIdleWorkerAndRefusesABusyOne) {
    EXPECT_EQ(pool().unload(asks("")).error().message, "scripted:m is not loaded");
    submit("a");
    EXPECT_EQ(pool().unload(asks("")).error().message,
              "scripted:m is starting; cancel its jobs or wait for them");
    worker(0).greet(1);
    EXPECT_EQ(pool().unload(asks("")).error().code, ErrorCode::conflict);
    worker(0).done(1);
    EXPECT_EQ(pool().unload(asks("")), "scripted:m");
    EXPECT_TRUE(was_told_to_stop(worker(0)));
    worker(0).exit({});
    EXPECT_EQ(pool().unload(asks("")).error().code, ErrorCode::not_found);
}

TEST_F(PoolTest, UnloadingAllSparesThoseThatWork) {
    warm("a");
    warm("b");
    start("long", 1, "c");
    EXPECT_THAT(pool().unload_idle(), ElementsAre("scripted:a", "scripted:b"));
    EXPECT_FALSE(was_told_to_stop(worker(2)));
}

TEST_F(PoolTest, AModelThatCannotBeLoadedIsToldToAllWhoAskAndLeavesNoWorkerBehind) {
    kind_.fault = "no permission to read it";
    Client& client = submit("a");
    EXPECT_EQ(client.story(), "accepted, queued 1, error model_load_failed");
    EXPECT_EQ(client.sink.error_message(), "no permission to read it");
    EXPECT_THAT(pool().workers(), IsEmpty());
}

TEST_F(PoolTest, AProcessThatCannotBeStartedGivesItsMemoryBack) {
    spawn_fails_ = true;
    kind_.memory["m"] = 600;
    Client& client = submit("a");
    EXPECT_EQ(client.sink.error_message(), "cannot fork");
    EXPECT_EQ(reserved(), 0U);
    EXPECT_THAT(pool().workers(), IsEmpty());
}

TEST_F(PoolTest, NothingIsStartedForAJobThatWasCancelledWhileItsModelWasRead) {
    pool();
    Client client;
    jobs_.cancel(jobs_.submit(asks("a"), client.sink));
    settle();
    EXPECT_EQ(client.story(), "accepted, queued 1, done cancelled");
    EXPECT_EQ(started(), 0U);
    EXPECT_THAT(pool().workers(), IsEmpty());
}

TEST_F(PoolTest, WorkersThatCrashedAreForgottenInTime) {
    settings_.worker_restart_min = settings_.worker_restart_max = 0ms;
    settings_.worker_failed = 1ms;
    for (int i = 0; i < 20; ++i) {
        ScriptedWorker& worker = start("a", 1, "model-" + std::to_string(i));
        worker.token(1, "x");
        worker.crash();
    }
    wait_until([&] {
        warm("other").exit({});
        settle();
        return pool().workers().size() <= 1;
    });
}

TEST_F(PoolTest, AJobThatComesWhileItsWorkerStopsGetsANewOne) {
    ScriptedWorker& first = warm("m");
    ASSERT_TRUE(pool().unload(asks("")));
    Client& client = submit("a");
    EXPECT_EQ(client.story(), "accepted, queued 1");
    first.exit({});
    settle();
    ASSERT_EQ(started(), 2U);
    worker(1).greet(1);
    worker(1).done(1);
    EXPECT_EQ(client.story(), "accepted, queued 1, done stop");
}

TEST_F(PoolTest, StoppingEndsWhoWaitsRefusesWhoComesAndReturnsWhenEveryProcessIsGone) {
    start("busy", 1, "a");
    warm("b");
    Client& waiting = submit("waits", "a");
    int stopped = 0;
    pool().stop(10s, [&] { ++stopped; });
    EXPECT_EQ(waiting.story(), "accepted, queued 1, error unreachable");
    EXPECT_EQ(submit("late", "b").story(), "accepted, error unreachable");
    EXPECT_EQ(worker(0).sent.back().at("deadline_ms"), 10'000) << "it may finish its job";
    EXPECT_EQ(worker(1).sent.back().at("deadline_ms"), settings_.worker_stop.count());
    worker(1).exit({});
    settle();
    EXPECT_EQ(stopped, 0);
    worker(0).done(1);
    worker(0).exit({});
    settle();
    EXPECT_EQ(stopped, 1);
}

TEST_F(PoolTest, StoppingWithoutWorkersReturnsToo) {
    bool stopped = false;
    pool().stop(10s, [&] { stopped = true; });
    settle();
    EXPECT_TRUE(stopped);
}

TEST_F(PoolTest, AWorkerWhoseModelIsStillReadWhenTheDaemonStopsIsNeverStarted) {
    pool();
    Client client;
    jobs_.submit(asks("a"), client.sink);
    bool stopped = false;
    pool().stop(10s, [&] { stopped = true; });
    settle();
    EXPECT_TRUE(stopped);
    EXPECT_EQ(client.story(), "accepted, queued 1, error unreachable");
    EXPECT_EQ(started(), 0U);
}

TEST_F(PoolTest, ASecondSignalEndsTheJobsUnderWay) {
    start("busy", 1);
    pool().stop(10s, [] {});
    pool().kill();
    EXPECT_THAT(worker(0).signals, ElementsAre(SIGKILL));
    worker(0).exit({.signal = SIGKILL});
    EXPECT_EQ(clients_[0].story(), "accepted, queued 1, error unreachable");
}

}  // namespace
}  // namespace threadrunner
