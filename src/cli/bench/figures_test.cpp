#include "cli/bench/figures.h"

#include <gtest/gtest.h>

#include <array>

namespace threadrunner::cli {
namespace {

using std::chrono::milliseconds;

/// A stream that was asked at 0 and spoke at these times.
StreamTimes stream(std::initializer_list<int> tokens_ms, event::Usage usage = {}) {
    StreamTimes out{.asked = Clock::time_point(), .tokens = {}, .usage = usage};
    for (const int ms : tokens_ms) {
        out.tokens.push_back(Clock::time_point() + milliseconds(ms));
    }
    return out;
}

TEST(BenchFigures, TheMedianIsTheMiddleOne) {
    const Spread odd = spread_of({3, 1, 2});
    EXPECT_DOUBLE_EQ(odd.median, 2);
    EXPECT_DOUBLE_EQ(odd.least, 1);
    EXPECT_DOUBLE_EQ(odd.most, 3);
    EXPECT_EQ(odd.runs, 3U);
    EXPECT_DOUBLE_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
}

TEST(BenchFigures, ThePromptCountsUntilTheFirstToken) {
    const StreamTimes read = stream({250}, {.prompt = 110, .cached = 10, .completion = 1});
    EXPECT_DOUBLE_EQ(first_token_ms(read).value(), 250);
    EXPECT_DOUBLE_EQ(prompt_rate(read).value(), 400);
    EXPECT_FALSE(prompt_rate(stream({250}, {.prompt = 10, .cached = 10})).has_value());
    EXPECT_FALSE(first_token_ms(stream({})).has_value());
    EXPECT_FALSE(prompt_rate(stream({}, {.prompt = 10})).has_value());
}

TEST(BenchFigures, DecodingCountsFromTheFirstTokenToTheLast) {
    EXPECT_DOUBLE_EQ(decode_rate(stream({1000, 1100, 1200}, {.completion = 3})).value(), 10);
    EXPECT_FALSE(decode_rate(stream({1000}, {.completion = 1})).has_value());
    // two tokens came as one piece of text
    EXPECT_DOUBLE_EQ(decode_rate(stream({1000, 1200}, {.completion = 3})).value(), 10);
    // a server that does not count
    EXPECT_DOUBLE_EQ(decode_rate(stream({1000, 1200})).value(), 5);
    // all at once is no speed
    EXPECT_FALSE(decode_rate(stream({1000, 1000}, {.completion = 2})).has_value());
}

TEST(BenchFigures, TogetherIsWhileAllSpeak) {
    const std::array both = {stream({0, 100, 200, 300}), stream({100, 200, 300, 400, 500})};
    EXPECT_DOUBLE_EQ(together_rate(both).value(), 20);  // two each from 100 to 300 ms
    const std::array apart = {stream({0, 100}), stream({200, 300})};
    EXPECT_FALSE(together_rate(apart).has_value());
    const std::array silent = {stream({0, 100}), stream({})};
    EXPECT_FALSE(together_rate(silent).has_value());
}

}  // namespace
}  // namespace threadrunner::cli
