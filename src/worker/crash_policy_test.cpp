#include "worker/crash_policy.h"

#include <gtest/gtest.h>

#include <set>

namespace threadrunner {
namespace {

using namespace std::chrono_literals;

class CrashPolicyTest : public testing::Test {
protected:
    RestartRules rules_ = {.wait_min = 100ms, .wait_max = 10s, .refuse_for = 60s};
    const Clock::time_point now_ = Clock::time_point{} + 1h;
};

TEST_F(CrashPolicyTest, AWorkerThatNeverCrashedStartsAtOnce) {
    const CrashPolicy policy(1);
    EXPECT_LE(policy.start_at(), now_);
    EXPECT_EQ(policy.refuses_for(now_), std::nullopt);
}

TEST_F(CrashPolicyTest, TheWaitDoublesWithAQuarterOfJitter) {
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        CrashPolicy policy(seed);
        policy.crashed(now_, rules_);
        EXPECT_GE(policy.start_at(), now_ + 100ms);
        EXPECT_LE(policy.start_at(), now_ + 125ms);
        policy.crashed(now_, rules_);
        EXPECT_GE(policy.start_at(), now_ + 200ms);
        EXPECT_LE(policy.start_at(), now_ + 250ms);
        EXPECT_EQ(policy.refuses_for(now_), std::nullopt) << "requests may wait for it";
    }
}

TEST_F(CrashPolicyTest, ManyWorkersDoNotAllStartAtOnce) {
    std::set<Clock::time_point> starts;
    for (std::uint32_t i = 1; i <= 20; ++i) {
        CrashPolicy policy(i * 123'456'789);
        policy.crashed(now_, rules_);
        starts.insert(policy.start_at());
    }
    EXPECT_GT(starts.size(), 5U);
}

TEST_F(CrashPolicyTest, TheWaitHasABound) {
    rules_.wait_max = 100ms;
    CrashPolicy policy(1);
    policy.crashed(now_, rules_);
    policy.crashed(now_, rules_);
    EXPECT_LE(policy.start_at(), now_ + 125ms);
}

TEST_F(CrashPolicyTest, ThreeCrashesInARowRefuseRequestsForAWhileAndSayForHowLong) {
    CrashPolicy policy(1);
    policy.crashed(now_, rules_);
    policy.crashed(now_, rules_);
    policy.crashed(now_, rules_);
    EXPECT_EQ(policy.crashes(), 3);
    EXPECT_EQ(policy.refuses_for(now_), 60s);
    EXPECT_EQ(policy.refuses_for(now_ + 59s), 1s);
    EXPECT_EQ(policy.refuses_for(now_ + 60s - 1us), 1ms) << "never 0 while it refuses";
    EXPECT_EQ(policy.refuses_for(now_ + 60s), std::nullopt);
    policy.crashed(now_ + 61s, rules_);
    EXPECT_EQ(policy.refuses_for(now_ + 61s), 60s) << "one more attempt, not three";
}

TEST_F(CrashPolicyTest, OneThatIsForgivenStartsFromTheBeginning) {
    CrashPolicy policy(1);
    policy.crashed(now_, rules_);
    policy.crashed(now_, rules_);
    policy.forgive();
    EXPECT_EQ(policy.crashes(), 0);
    EXPECT_LE(policy.start_at(), now_);
    policy.crashed(now_, rules_);
    EXPECT_EQ(policy.refuses_for(now_), std::nullopt);
}

TEST_F(CrashPolicyTest, CrashesOfLongAgoAreForgotten) {
    CrashPolicy policy(1);
    EXPECT_FALSE(policy.remembers(now_));
    policy.crashed(now_, rules_);
    EXPECT_TRUE(policy.remembers(now_ + 60s)) << "it still counts towards three";
    EXPECT_FALSE(policy.remembers(now_ + 61s));
    policy.crashed(now_ + 60s, rules_);
    policy.crashed(now_ + 60s, rules_);
    EXPECT_TRUE(policy.remembers(now_ + 120s + 59s));
}

TEST_F(CrashPolicyTest, AKindMayAllowMoreAttemptsAtOneAndTheSamePace) {
    rules_ = {.wait_min = 2s, .wait_max = 2s, .refuse_for = 60s, .crashes_until_failed = 4};
    CrashPolicy policy(1);
    for (int restart = 1; restart <= 3; ++restart) {
        policy.crashed(now_, rules_);
        EXPECT_GE(policy.start_at(), now_ + 2s);
        EXPECT_LE(policy.start_at(), now_ + 2500ms);
        EXPECT_EQ(policy.refuses_for(now_), std::nullopt) << restart;
    }
    policy.crashed(now_, rules_);
    EXPECT_EQ(policy.refuses_for(now_), 60s);
}

}  // namespace
}  // namespace threadrunner
