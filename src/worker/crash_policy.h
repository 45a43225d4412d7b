#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "base/settings.h"
#include "job/job.h"

namespace threadrunner {

/// When a worker that crashed may start again: after a wait that doubles, with jitter so that many
/// do not start at once; and not for a while after several crashes without a finished job between.
/// Passive: time is passed in.
class CrashPolicy {
public:
    CrashPolicy(const Settings& settings, std::uint32_t seed)
        : settings_(settings), random_(seed) {}

    void crashed(Clock::time_point now);
    /// The worker did what it is for.
    void finished_job();

    /// Before this it must not start.
    [[nodiscard]] Clock::time_point start_at() const { return start_at_; }
    /// How long requests are refused at once; nothing when they may wait for the restart.
    [[nodiscard]] std::optional<std::chrono::milliseconds> refuses_for(Clock::time_point now) const;
    [[nodiscard]] int crashes() const { return crashes_; }
    /// Whether its crashes still count; else a new policy would judge the same.
    [[nodiscard]] bool remembers(Clock::time_point now) const {
        return crashes_ > 0 && now <= start_at_ + settings_.worker_failed;
    }

private:
    const Settings& settings_;
    std::minstd_rand random_;
    int crashes_ = 0;
    Clock::time_point start_at_{};
};

}  // namespace threadrunner
