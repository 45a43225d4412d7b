#include "worker/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class WatchdogTest : public testing::Test {
protected:
    [[nodiscard]] std::string fault(Clock::duration after, bool has_work = false) const {
        return watchdog_.fault(start_ + after, has_work).value_or("well");
    }

    Settings settings_;  ///< hello 5 s, suspect 5 s, dead 15 s, stall 60 s
    const Clock::time_point start_ = Clock::time_point{} + 1h;
    Watchdog watchdog_{settings_, start_};
};

TEST_F(WatchdogTest, AWorkerThatNeverGreetsIsEnded) {
    EXPECT_EQ(fault(5s), "well");
    EXPECT_EQ(fault(5s + 1ms), "did not greet within 5s");
}

TEST_F(WatchdogTest, OneThatDoesNotAnswerIsSuspectThenDead) {
    watchdog_.greeted(start_ + 1s);
    EXPECT_FALSE(watchdog_.suspect(start_ + 6s));
    EXPECT_TRUE(watchdog_.suspect(start_ + 6s + 1ms));
    EXPECT_EQ(fault(16s), "well");
    EXPECT_EQ(fault(16s + 1ms), "did not answer for 15s");
    watchdog_.ponged(start_ + 16s, 0);
    EXPECT_FALSE(watchdog_.suspect(start_ + 17s)) << "trusted again";
    EXPECT_EQ(fault(17s), "well");
}

TEST_F(WatchdogTest, OneThatAnswersButDoesNothingIsEndedOnlyWhileItHasWork) {
    watchdog_.greeted(start_);
    watchdog_.ponged(start_ + 61s, 0);
    EXPECT_EQ(fault(61s, false), "well");
    EXPECT_EQ(fault(61s, true), "made no progress for 1m");
}

TEST_F(WatchdogTest, ProgressOrNewWorkStartsTheStallClockAnew) {
    watchdog_.greeted(start_);
    watchdog_.ponged(start_ + 50s, 1);
    watchdog_.ponged(start_ + 109s, 1);
    EXPECT_EQ(fault(110s, true), "well");
    watchdog_.excused(start_ + 109s);
    watchdog_.ponged(start_ + 160s, 1);
    EXPECT_EQ(fault(169s, true), "well");
    EXPECT_THAT(fault(169s + 1ms, true), HasSubstr("no progress"));
}

TEST_F(WatchdogTest, NothingIsHeldAgainstAWorkerWhileTheDaemonItselfDidNotRun) {
    watchdog_.slept(start_ + 1h);
    EXPECT_EQ(fault(1h + 5s), "well");
    watchdog_.greeted(start_ + 1h);
    watchdog_.slept(start_ + 2h);
    EXPECT_EQ(fault(2h + 1s, true), "well");
    EXPECT_FALSE(watchdog_.suspect(start_ + 2h + 1s));
    EXPECT_THAT(fault(2h + 16s), HasSubstr("did not answer"));
}

}  // namespace
}  // namespace threadrunner
