#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "cli/progress.h"
#include "wire/event.h"

namespace threadrunner::cli {

/// When one answer was asked for and when its tokens came.
struct StreamTimes {
    Clock::time_point asked;
    std::vector<Clock::time_point> tokens;
    event::Usage usage;
};

/// What several runs measured.
struct Spread {
    double median = 0;
    double least = 0;
    double most = 0;
    std::size_t runs = 0;
};

/// `values` must not be empty.
[[nodiscard]] Spread spread_of(std::vector<double> values);

/// From the asking to the first token; none where nothing came.
[[nodiscard]] std::optional<double> first_token_ms(const StreamTimes& stream);

/// Tokens of the prompt that were not warm, by the time to the first token of the answer; none
/// where there was nothing to read.
[[nodiscard]] std::optional<double> prompt_rate(const StreamTimes& stream);

/// Tokens a second from the first to the last; none below two.
[[nodiscard]] std::optional<double> decode_rate(const StreamTimes& stream);

/// Tokens a second of all streams while all of them speak; none where they never do.
[[nodiscard]] std::optional<double> together_rate(std::span<const StreamTimes> streams);

}  // namespace threadrunner::cli
