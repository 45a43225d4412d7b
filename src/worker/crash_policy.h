#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "base/limits.h"
#include "base/settings.h"
#include "job/job.h"

namespace threadrunner {

/// What a kind makes of crashes: how soon a worker is started again, and when it no longer is.
struct RestartRules {
    /// The wait after the first crash; it doubles with each to the longest.
    std::chrono::milliseconds wait_min;
    std::chrono::milliseconds wait_max;
    std::chrono::milliseconds refuse_for;  ///< once there were too many
    int crashes_until_failed = limits::crashes_until_failed;
    /// Whether the count starts anew when the worker is ready; else when it has finished a job.
    bool forgiven_when_ready = false;

    /// Those of a worker that has no need of its own.
    [[nodiscard]] static RestartRules from(const Settings& settings) {
        return {.wait_min = settings.worker_restart_min,
                .wait_max = settings.worker_restart_max,
                .refuse_for = settings.worker_failed};
    }
};

/// When a worker that crashed may start again: after a wait that doubles, with jitter so that many
/// do not start at once; and not for a while after several crashes in a row. Passive: time and
/// rules are passed in.
class CrashPolicy {
public:
    explicit CrashPolicy(std::uint32_t seed) : random_(seed) {}

    void crashed(Clock::time_point now, const RestartRules& rules);
    /// The worker is as good as new: it did what its rules ask for.
    void forgive();

    /// Before this it must not start.
    [[nodiscard]] Clock::time_point start_at() const { return start_at_; }
    /// How long requests are refused at once; nothing when they may wait for the restart.
    [[nodiscard]] std::optional<std::chrono::milliseconds> refuses_for(Clock::time_point now) const;
    [[nodiscard]] int crashes() const { return crashes_; }
    /// Whether its crashes still count; else a new policy would judge the same.
    [[nodiscard]] bool remembers(Clock::time_point now) const {
        return crashes_ > 0 && now <= forget_at_;
    }

private:
    std::minstd_rand random_;
    int crashes_ = 0;
    bool refuses_ = false;
    Clock::time_point forget_at_{};
    Clock::time_point start_at_{};
};

}  // namespace threadrunner
