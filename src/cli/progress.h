#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/screen.h"
#include "cli/terminal.h"

namespace threadrunner::cli {

using Clock = std::chrono::steady_clock;

/// One line of progress on stderr, drawn over itself. It appears only on a terminal that can erase,
/// only half a second after the start, and is gone before anything else is written. Passive: the
/// caller gives it the time, and calls tick() at wake_at().
class Progress {
public:
    Progress(Screen& screen, const Terminal& terminal, Clock::time_point started);

    /// What goes on now; `fraction` from 0 to 1, or none where nobody knows. Of the details there
    /// are as many as the line has room for, the first ones.
    void set(std::string label, std::optional<double> fraction, Clock::time_point now,
             std::vector<std::string> details = {});

    /// Draws what set() left undrawn, when its time has come.
    void tick(Clock::time_point now);

    /// When tick() has something to draw.
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const;

    /// Nothing goes on any more: clears the line.
    void erase();

private:
    [[nodiscard]] std::string line() const;

    Screen& screen_;
    Terminal terminal_;
    std::optional<Clock::time_point> draw_at_;  ///< set while there is something undrawn
    Clock::time_point not_before_;
    std::string label_;
    std::optional<double> fraction_;
    std::vector<std::string> details_;
    bool drawn_ = false;
};

/// A bar of `cells` characters.
[[nodiscard]] std::string bar(double fraction, int cells, bool utf8);

}  // namespace threadrunner::cli
