#include "cli/bench/bandwidth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>

#include "base/limits.h"

namespace threadrunner::cli {
namespace {

using namespace std::chrono_literals;

void expect_speed(double bytes_per_second) {
    EXPECT_TRUE(std::isfinite(bytes_per_second));
    EXPECT_GT(bytes_per_second, 0);
}

TEST(BenchBandwidth, EveryLoopIsMeasuredAndItsNumbersAreChecked) {
    for (const std::size_t threads : {1U, 2U, 3U}) {
        // no multiple of the threads, nor of what is summed at once
        const auto measured = measure_bandwidth(
            {.threads = threads, .array_bytes = 100'003 * sizeof(double), .each_for = 1ms});
        ASSERT_TRUE(measured.has_value()) << measured.error().message;
        expect_speed(measured->read);
        expect_speed(measured->copy);
        expect_speed(measured->triad);
    }
}

TEST(BenchBandwidth, TinyArraysGiveEachThreadSomething) {
    const auto measured = measure_bandwidth({.threads = 4, .array_bytes = 0, .each_for = 0ms});
    ASSERT_TRUE(measured.has_value()) << measured.error().message;
    expect_speed(measured->triad);
}

TEST(BenchBandwidth, MemoryThatIsNotThereIsAnErrorThatSaysWhatToDo) {
    const auto measured =
        measure_bandwidth({.threads = 1,
                           .array_bytes = std::numeric_limits<std::size_t>::max() / 16,
                           .each_for = 1ms});
    ASSERT_FALSE(measured.has_value());
    EXPECT_EQ(measured.error().code, ErrorCode::out_of_memory);
    EXPECT_NE(measured.error().message.find("threadrunner unload"), std::string::npos);
}

TEST(BenchBandwidth, ArraysLeaveASmallMachineMostOfItsMemory) {
    EXPECT_EQ(bandwidth_array_bytes(64 * limits::gib), 128 * limits::mib);
    EXPECT_EQ(bandwidth_array_bytes(512 * limits::mib), 64 * limits::mib);
    EXPECT_EQ(bandwidth_array_bytes(0), 8 * limits::mib);
}

}  // namespace
}  // namespace threadrunner::cli
