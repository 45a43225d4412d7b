#include "worker/budget.h"

#include <gtest/gtest.h>

namespace threadrunner {
namespace {

Target model(const char* name) { return {.kind = "engine", .name = name, .profile = {}}; }

TEST(Budget, PromisesNoMoreThanThereIs) {
    Budget budget(100);
    EXPECT_TRUE(budget.fits(100));
    EXPECT_FALSE(budget.fits(101));
    budget.reserve(model("a"), 60);
    EXPECT_TRUE(budget.fits(40));
    EXPECT_FALSE(budget.fits(41));
    EXPECT_TRUE(budget.ever_fits(100));
    EXPECT_FALSE(budget.ever_fits(101));
    budget.reserve(model("b"), 40);
    EXPECT_EQ(budget.reserved(), 100U);
    EXPECT_TRUE(budget.fits(0));
    EXPECT_FALSE(budget.fits(1));
}

TEST(Budget, TakesBackWhatWasReservedAndThatOnlyOnce) {
    Budget budget(100);
    budget.reserve(model("a"), 60);
    budget.reserve(model("b"), 30);
    EXPECT_EQ(budget.reserved(model("a")), 60U);
    budget.release(model("a"));
    budget.release(model("a"));
    budget.release(model("never"));
    EXPECT_EQ(budget.reserved(model("a")), 0U);
    EXPECT_EQ(budget.reserved(), 30U);
}

TEST(Budget, TheDefaultLeavesSomeMemoryToTheRest) {
    EXPECT_GT(Budget::default_bytes(), 0U);
    EXPECT_EQ(Budget::default_bytes() % 8, 0U);
}

}  // namespace
}  // namespace threadrunner
