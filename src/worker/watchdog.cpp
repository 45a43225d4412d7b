#include "worker/watchdog.h"

#include "base/text.h"

namespace threadrunner {

void Watchdog::greeted(Clock::time_point now) {
    greeted_ = true;
    ponged_ = now;
    progressed_ = now;
}

void Watchdog::ponged(Clock::time_point now, std::uint64_t progress) {
    ponged_ = now;
    if (progress != progress_) {
        progress_ = progress;
        progressed_ = now;
    }
}

bool Watchdog::suspect(Clock::time_point now) const {
    return now - ponged_ > settings_.worker_suspect;
}

std::optional<std::string> Watchdog::fault(Clock::time_point now, bool has_work) const {
    if (!greeted_) {
        if (now - started_ > settings_.worker_hello) {
            return "did not greet within " + format_duration(settings_.worker_hello);
        }
        return std::nullopt;
    }
    if (now - ponged_ > settings_.worker_dead) {
        return "did not answer for " + format_duration(settings_.worker_dead);
    }
    if (has_work && now - progressed_ > settings_.worker_stall) {
        return "made no progress for " + format_duration(settings_.worker_stall);
    }
    return std::nullopt;
}

}  // namespace threadrunner
