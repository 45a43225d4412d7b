#include "cli/bench/figures.h"

#include <algorithm>
#include <utility>

namespace threadrunner::cli {
namespace {

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

std::optional<double> rate(double count, Clock::duration duration) {
    return count > 0 && duration > Clock::duration::zero()
               ? std::optional(count / seconds(duration))
               : std::nullopt;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    const double median =
        values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return {
        .median = median, .least = values.front(), .most = values.back(), .runs = values.size()};
}

std::optional<double> first_token_ms(const StreamTimes& stream) {
    if (stream.tokens.empty()) {
        return std::nullopt;
    }
    return seconds(stream.tokens.front() - stream.asked) * 1000;
}

std::optional<double> prompt_rate(const StreamTimes& stream) {
    if (stream.tokens.empty()) {
        return std::nullopt;
    }
    return rate(static_cast<double>(stream.usage.prompt - stream.usage.cached),
                stream.tokens.front() - stream.asked);
}

std::optional<double> decode_rate(const StreamTimes& stream) {
    if (stream.tokens.size() < 2) {
        return std::nullopt;
    }
    // two tokens of one character come as one event: the count is the worker's
    const auto tokens = static_cast<double>(
        std::max<std::int64_t>(stream.usage.completion,
                               static_cast<std::int64_t>(stream.tokens.size())) -
        1);
    return rate(tokens, stream.tokens.back() - stream.tokens.front());
}

std::optional<double> together_rate(std::span<const StreamTimes> streams) {
    auto since = Clock::time_point::min();
    auto until = Clock::time_point::max();
    for (const StreamTimes& stream : streams) {
        if (stream.tokens.empty()) {
            return std::nullopt;
        }
        since = std::max(since, stream.tokens.front());
        until = std::min(until, stream.tokens.back());
    }
    double spoken = 0;
    for (const StreamTimes& stream : streams) {
        spoken += static_cast<double>(std::ranges::count_if(
            stream.tokens, [&](auto time) { return time > since && time <= until; }));
    }
    return until > since ? rate(spoken, until - since) : std::nullopt;
}

}  // namespace threadrunner::cli
