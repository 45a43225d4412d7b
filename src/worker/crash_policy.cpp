#include "worker/crash_policy.h"

#include <algorithm>

#include "base/limits.h"

namespace threadrunner {

void CrashPolicy::crashed(Clock::time_point now) {
    using std::chrono::milliseconds;
    ++crashes_;
    if (crashes_ >= limits::crashes_until_failed) {
        start_at_ = now + settings_.worker_failed;
        return;
    }
    const auto doubled = settings_.worker_restart_min * (1 << (crashes_ - 1));
    const auto wait = std::min(doubled, settings_.worker_restart_max);
    std::uniform_int_distribution<milliseconds::rep> jitter(0, wait.count() / 4);
    start_at_ = now + wait + milliseconds(jitter(random_));
}

void CrashPolicy::finished_job() {
    crashes_ = 0;
    start_at_ = {};
}

std::optional<std::chrono::milliseconds> CrashPolicy::refuses_for(Clock::time_point now) const {
    if (crashes_ < limits::crashes_until_failed || now >= start_at_) {
        return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::milliseconds>(start_at_ - now);
}

}  // namespace threadrunner
