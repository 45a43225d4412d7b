#include "cli/nearest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

namespace threadrunner::cli {
namespace {

TEST(Nearest, CountsOneForEachKindOfSlip) {
    EXPECT_EQ(typing_distance("status", "status"), 0U);
    EXPECT_EQ(typing_distance("statsu", "status"), 1U);
    EXPECT_EQ(typing_distance("statuss", "status"), 1U);
    EXPECT_EQ(typing_distance("tatus", "status"), 1U);
    EXPECT_EQ(typing_distance("ststus", "status"), 1U);
    EXPECT_EQ(typing_distance("", "abc"), 3U);
}

TEST(Nearest, FindsNothingWhereNothingIsNear) {
    constexpr std::array<std::string_view, 2> names = {"--model", "--seed"};
    EXPECT_EQ(nearest("--modle", names, 2), "--model");
    EXPECT_EQ(nearest("--frobnicate", names, 2), "");
    EXPECT_EQ(nearest(std::string(1'000'000, 'x'), names, 2), "");
}

RC_GTEST_PROP(Nearest, IsTheSameBothWays, (const std::string& a, const std::string& b)) {
    RC_ASSERT(typing_distance(a, b) == typing_distance(b, a));
}

}  // namespace
}  // namespace threadrunner::cli
