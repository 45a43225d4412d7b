#include "cli/rate.h"

#include "base/limits.h"

namespace threadrunner::cli {

void Rate::add(std::uint64_t value, Clock::time_point now) {
    if (!samples_.empty() && value < samples_.back().value) {
        samples_.clear();
    }
    samples_.push_back({.value = value, .at = now});
    while (samples_.size() > 2 && now - samples_[1].at >= limits::rate_window) {
        samples_.pop_front();
    }
}

std::optional<double> Rate::per_second() const {
    if (samples_.empty()) {
        return std::nullopt;
    }
    const auto span = samples_.back().at - samples_.front().at;
    if (span < limits::rate_after) {
        return std::nullopt;
    }
    return static_cast<double>(samples_.back().value - samples_.front().value) /
           std::chrono::duration<double>(span).count();
}

}  // namespace threadrunner::cli
