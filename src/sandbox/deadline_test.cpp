#include "sandbox/deadline.h"

#include <gtest/gtest.h>

namespace threadrunner::sandbox {
namespace {

TEST(Deadline, NoneIsNeverPassed) {
    Deadline deadline;
    EXPECT_FALSE(deadline.at());
    EXPECT_FALSE(deadline.passed(Deadline::Clock::now() + std::chrono::years(100)));
}

TEST(Deadline, IsPassedFromItsTimeOnUntilItIsClearedOrSetAnew) {
    Deadline deadline;
    const Deadline::Clock::time_point at(std::chrono::seconds(1000));
    deadline.set(at);
    EXPECT_EQ(deadline.at(), at);
    EXPECT_FALSE(deadline.passed(at - std::chrono::nanoseconds(1)));
    EXPECT_TRUE(deadline.passed(at));
    deadline.set(at + std::chrono::seconds(1));
    EXPECT_FALSE(deadline.passed(at));
    deadline.clear();
    EXPECT_FALSE(deadline.passed(at + std::chrono::seconds(2)));
}

}  // namespace
}  // namespace threadrunner::sandbox
