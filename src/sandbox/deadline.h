#pragma once

#include <atomic>
#include <chrono>
#include <optional>

namespace threadrunner::sandbox {

/// Until when the module may be at the request that it has. The control thread sets it, the
/// module's asks whether it has passed.
class Deadline {
public:
    using Clock = std::chrono::steady_clock;

    void set(Clock::time_point at) { at_ = at.time_since_epoch().count(); }
    void clear() { at_ = never; }

    [[nodiscard]] std::optional<Clock::time_point> at() const {
        const Clock::rep ticks = at_;
        return ticks == never ? std::nullopt
                              : std::optional(Clock::time_point(Clock::duration(ticks)));
    }
    [[nodiscard]] bool passed(Clock::time_point now) const {
        return now.time_since_epoch().count() >= at_;
    }

private:
    static constexpr Clock::rep never = Clock::duration::max().count();

    std::atomic<Clock::rep> at_ = never;
};

}  // namespace threadrunner::sandbox
