#include "cli/rate.h"

#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

using namespace std::chrono_literals;

constexpr Rate::Clock::time_point start(1h);

TEST(Rate, ATransferSaysNothingBeforeItCanTell) {
    Rate rate;
    EXPECT_EQ(rate.per_second(), std::nullopt);
    rate.add(1000, start);
    rate.add(2000, start + 100ms);
    EXPECT_EQ(rate.per_second(), std::nullopt);
    rate.add(2000, start + 2s);
    EXPECT_EQ(rate.per_second(), 500);
}

TEST(Rate, ATransferThatSlowsDownIsSeenToDoSo) {
    Rate rate;
    for (std::uint64_t second = 0; second <= 60; ++second) {
        rate.add(second * 1000, start + std::chrono::seconds(second));
    }
    EXPECT_EQ(rate.per_second(), 1000);
    for (std::uint64_t second = 61; second <= 70; ++second) {
        rate.add(60'000 + (second - 60) * 10, start + std::chrono::seconds(second));
    }
    EXPECT_EQ(rate.per_second(), 10);
}

TEST(Rate, WhatBeginsAnewIsMeasuredAnew) {
    Rate rate;
    rate.add(90'000, start);
    rate.add(0, start + 1s);
    rate.add(100, start + 2s);
    EXPECT_EQ(rate.per_second(), 100);
}

}  // namespace
}  // namespace threadrunner::cli
