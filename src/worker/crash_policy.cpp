#include "worker/crash_policy.h"

#include <algorithm>

namespace threadrunner {

void CrashPolicy::crashed(Clock::time_point now, const RestartRules& rules) {
    using std::chrono::milliseconds;
    ++crashes_;
    refuses_ = crashes_ >= rules.crashes_until_failed;
    if (refuses_) {
        start_at_ = now + rules.refuse_for;
    } else {
        const auto doubled = rules.wait_min * (1 << (crashes_ - 1));
        const auto wait = std::min(doubled, rules.wait_max);
        std::uniform_int_distribution<milliseconds::rep> jitter(0, wait.count() / 4);
        start_at_ = now + wait + milliseconds(jitter(random_));
    }
    forget_at_ = start_at_ + rules.refuse_for;
}

void CrashPolicy::forgive() {
    crashes_ = 0;
    refuses_ = false;
    start_at_ = {};
}

std::optional<std::chrono::milliseconds> CrashPolicy::refuses_for(Clock::time_point now) const {
    if (!refuses_ || now >= start_at_) {
        return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::milliseconds>(start_at_ - now);
}

}  // namespace threadrunner
