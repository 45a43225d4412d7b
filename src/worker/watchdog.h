#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/settings.h"
#include "job/job.h"

namespace threadrunner {

/// Judges from greetings, pongs and progress whether a worker lives. Passive: time is passed in, so
/// tests need no clock.
class Watchdog {
public:
    Watchdog(const Settings& settings, Clock::time_point started)
        : settings_(settings), started_(started), ponged_(started), progressed_(started) {}

    void greeted(Clock::time_point now);
    void ponged(Clock::time_point now, std::uint64_t progress);
    /// Something to do came, or there is nothing that it could do: the stall clock starts anew.
    void excused(Clock::time_point now) { progressed_ = now; }
    /// The daemon itself did not run for a while (suspended, say) and so heard nothing: every clock
    /// starts anew.
    void slept(Clock::time_point now) { started_ = ponged_ = progressed_ = now; }

    /// Whether it may get new work.
    [[nodiscard]] bool suspect(Clock::time_point now) const;
    /// Why it has to be killed; nothing while it is well. `has_work`: jobs (or a load) under way
    /// that do not wait for their client.
    [[nodiscard]] std::optional<std::string> fault(Clock::time_point now, bool has_work) const;

private:
    const Settings& settings_;
    Clock::time_point started_;
    Clock::time_point ponged_;
    Clock::time_point progressed_;
    std::uint64_t progress_ = 0;
    bool greeted_ = false;
};

}  // namespace threadrunner
