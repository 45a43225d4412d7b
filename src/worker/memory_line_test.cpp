#include "worker/memory_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr Clock::time_point start{1h};

Target model(const char* name) { return {.kind = "engine", .name = name, .profile = {}}; }

LaunchPlan needing(std::uint64_t bytes) {
    LaunchPlan plan;
    plan.memory = {{std::string(host_device), bytes}};
    return plan;
}

TEST(MemoryLine, WhoWaitsAlreadyKeepsItsPlaceAndItsTime) {
    MemoryLine line;
    line.join(model("a"), needing(1), start);
    line.join(model("b"), needing(2), start + 1s);
    line.join(model("a"), needing(3), start + 2s);
    EXPECT_THAT(line.targets(), ElementsAre(model("a"), model("b")));
    EXPECT_EQ(line.plan(model("a"))->memory, needing(1).memory);
    EXPECT_EQ(line.claim_due(10s), start + 10s);
}

TEST(MemoryLine, OnlyTheFirstClaimsAndOnlyOnceItsPatienceIsOver) {
    MemoryLine line;
    line.join(model("a"), needing(1), start);
    line.join(model("b"), needing(1), start + 1s);
    EXPECT_EQ(line.claimant(start + 9s, 10s), std::nullopt);
    EXPECT_EQ(line.claimant(start + 10s, 10s), model("a"));
    EXPECT_EQ(line.claimant(start + 1h, 10s), model("a"));
    line.leave(model("a"));
    EXPECT_EQ(line.claimant(start + 10s, 10s), std::nullopt);
    EXPECT_EQ(line.claimant(start + 11s, 10s), model("b"));
}

TEST(MemoryLine, WhoLeavesIsForgotten) {
    MemoryLine line;
    line.join(model("a"), needing(1), start);
    line.leave(model("never came"));
    line.leave(model("a"));
    EXPECT_TRUE(line.empty());
    EXPECT_THAT(line.targets(), IsEmpty());
    EXPECT_EQ(line.plan(model("a")), nullptr);
    EXPECT_EQ(line.claim_due(10s), std::nullopt);
}

}  // namespace
}  // namespace threadrunner
