#include "worker/crash_policy.h"

#include <gtest/gtest.h>

#include <set>

namespace threadrunner {
namespace {

using namespace std::chrono_literals;

class CrashPolicyTest : public testing::Test {
protected:
    CrashPolicyTest() {
        settings_.worker_restart_min = 100ms;
        settings_.worker_restart_max = 10s;
        settings_.worker_failed = 60s;
    }

    Settings settings_;
    const Clock::time_point now_ = Clock::time_point{} + 1h;
};

TEST_F(CrashPolicyTest, AWorkerThatNeverCrashedStartsAtOnce) {
    const CrashPolicy policy(settings_, 1);
    EXPECT_LE(policy.start_at(), now_);
    EXPECT_EQ(policy.refuses_for(now_), std::nullopt);
}

TEST_F(CrashPolicyTest, TheWaitDoublesWithAQuarterOfJitter) {
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        CrashPolicy policy(settings_, seed);
        policy.crashed(now_);
        EXPECT_GE(policy.start_at(), now_ + 100ms);
        EXPECT_LE(policy.start_at(), now_ + 125ms);
        policy.crashed(now_);
        EXPECT_GE(policy.start_at(), now_ + 200ms);
        EXPECT_LE(policy.start_at(), now_ + 250ms);
        EXPECT_EQ(policy.refuses_for(now_), std::nullopt) << "requests may wait for it";
    }
}

TEST_F(CrashPolicyTest, ManyWorkersDoNotAllStartAtOnce) {
    std::set<Clock::time_point> starts;
    for (std::uint32_t i = 1; i <= 20; ++i) {
        CrashPolicy policy(settings_, i * 123'456'789);
        policy.crashed(now_);
        starts.insert(policy.start_at());
    }
    EXPECT_GT(starts.size(), 5U);
}

TEST_F(CrashPolicyTest, TheWaitHasABound) {
    settings_.worker_restart_max = 100ms;
    CrashPolicy policy(settings_, 1);
    policy.crashed(now_);
    policy.crashed(now_);
    EXPECT_LE(policy.start_at(), now_ + 125ms);
}

TEST_F(CrashPolicyTest, ThreeCrashesInARowRefuseRequestsForAWhileAndSayForHowLong) {
    CrashPolicy policy(settings_, 1);
    policy.crashed(now_);
    policy.crashed(now_);
    policy.crashed(now_);
    EXPECT_EQ(policy.crashes(), 3);
    EXPECT_EQ(policy.refuses_for(now_), 60s);
    EXPECT_EQ(policy.refuses_for(now_ + 59s), 1s);
    EXPECT_EQ(policy.refuses_for(now_ + 60s - 1us), 1ms) << "never 0 while it refuses";
    EXPECT_EQ(policy.refuses_for(now_ + 60s), std::nullopt);
    policy.crashed(now_ + 61s);
    EXPECT_EQ(policy.refuses_for(now_ + 61s), 60s) << "one more attempt, not three";
}

TEST_F(CrashPolicyTest, AFinishedJobForgivesTheCrashesBefore) {
    CrashPolicy policy(settings_, 1);
    policy.crashed(now_);
    policy.crashed(now_);
    policy.finished_job();
    EXPECT_EQ(policy.crashes(), 0);
    EXPECT_LE(policy.start_at(), now_);
    policy.crashed(now_);
    EXPECT_EQ(policy.refuses_for(now_), std::nullopt);
}

TEST_F(CrashPolicyTest, CrashesOfLongAgoAreForgotten) {
    CrashPolicy policy(settings_, 1);
    EXPECT_FALSE(policy.remembers(now_));
    policy.crashed(now_);
    EXPECT_TRUE(policy.remembers(now_ + 60s)) << "it still counts towards three";
    EXPECT_FALSE(policy.remembers(now_ + 61s));
    policy.crashed(now_ + 60s);
    policy.crashed(now_ + 60s);
    EXPECT_TRUE(policy.remembers(now_ + 120s + 59s));
}

}  // namespace
}  // namespace threadrunner
