#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace threadrunner::cli {

/// How fast a number grows: over the last seconds, so that it follows a change and does not
/// flicker. Passive: the caller gives it the time. A number that shrinks has begun anew, and so
/// does this.
class Rate {
public:
    using Clock = std::chrono::steady_clock;

    void add(std::uint64_t value, Clock::time_point now);

    /// Nothing so long as too little time has passed to tell.
    [[nodiscard]] std::optional<double> per_second() const;

private:
    struct Sample {
        std::uint64_t value = 0;
        Clock::time_point at;
    };
    std::deque<Sample> samples_;
};

}  // namespace threadrunner::cli
