#include "worker/budget.h"

#include <gtest/gtest.h>

namespace threadrunner {
namespace {

Target model(const char* name) { return {.kind = "engine", .name = name, .profile = {}}; }
DeviceBytes host(std::uint64_t bytes) { return {{"host", bytes}}; }

TEST(Budget, PromisesNoMoreThanThereIs) {
    Budget budget(100);
    EXPECT_TRUE(budget.fits(host(100)));
    EXPECT_FALSE(budget.fits(host(101)));
    budget.reserve(model("a"), host(60));
    EXPECT_TRUE(budget.fits(host(40)));
    EXPECT_FALSE(budget.fits(host(41)));
    EXPECT_EQ(budget.never_fits(host(100)), std::nullopt);
    EXPECT_EQ(budget.never_fits(host(101)), "host");
    budget.reserve(model("b"), host(40));
    EXPECT_EQ(bytes_of(budget.reserved(), "host"), 100U);
    EXPECT_TRUE(budget.fits({}));
    EXPECT_FALSE(budget.fits(host(1)));
}

TEST(Budget, TakesBackWhatWasReservedAndThatOnlyOnce) {
    Budget budget(100);
    budget.reserve(model("a"), host(60));
    budget.reserve(model("b"), host(30));
    EXPECT_EQ(budget.reserved(model("a")), host(60));
    budget.release(model("a"));
    budget.release(model("a"));
    budget.release(model("never"));
    EXPECT_EQ(total_bytes(budget.reserved(model("a"))), 0U);
    EXPECT_EQ(bytes_of(budget.reserved(), "host"), 30U);
}

TEST(Budget, KeepsDevicesApart) {
    Budget budget(100);
    EXPECT_EQ(budget.never_fits({{"host", 1}, {"CUDA0", 1}}), "CUDA0") << "there is none";
    budget.set_limit("CUDA0", 50);
    budget.reserve(model("a"), {{"host", 10}, {"CUDA0", 50}});
    EXPECT_FALSE(budget.fits({{"host", 1}, {"CUDA0", 1}}));
    EXPECT_TRUE(budget.fits(host(90)));
    budget.release(model("a"));
    EXPECT_TRUE(budget.fits({{"host", 100}, {"CUDA0", 50}}));
}

TEST(Budget, CountsWhatIsComing) {
    Budget budget(100);
    budget.reserve(model("a"), host(60));
    EXPECT_FALSE(budget.fits(host(80)));
    EXPECT_TRUE(budget.fits(host(80), host(40)));
    EXPECT_FALSE(budget.fits(host(81), host(40)));
}

TEST(Budget, ALowerLimitBreaksNoPromise) {
    Budget budget(100);
    budget.reserve(model("a"), host(60));
    budget.set_limit("host", 50);
    EXPECT_FALSE(budget.fits(host(1)));
    EXPECT_EQ(budget.reserved(model("a")), host(60));
    EXPECT_TRUE(budget.fits(host(50), host(60)));
}

TEST(Budget, TheDefaultLeavesSomeMemoryToTheRest) {
    EXPECT_GT(Budget::default_bytes(), 0U);
    EXPECT_EQ(Budget::default_bytes() % 8, 0U);
}

}  // namespace
}  // namespace threadrunner
