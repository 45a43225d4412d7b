#include "cli/progress.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "cli/characters.h"

namespace threadrunner::cli {
namespace {

constexpr std::string_view erase_line = "\r\x1b[K";

}  // namespace

std::string bar(double fraction, int cells, bool utf8) {
    const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * cells);
    std::string out;
    for (int i = 0; i < cells; ++i) {
        if (utf8) {
            out += i < full ? "━" : "╌";
        } else {
            out += i < full ? '#' : '.';
        }
    }
    return out;
}

Progress::Progress(Screen& screen, const Terminal& terminal, Clock::time_point started)
    : screen_(screen), terminal_(terminal), not_before_(started + limits::progress_after) {}

void Progress::set(std::string label, std::optional<double> fraction, Clock::time_point now,
                   std::vector<std::string> details) {
    if (!terminal_.redraw || (label == label_ && fraction == fraction_ && details == details_)) {
        return;
    }
    label_ = std::move(label);
    fraction_ = fraction;
    details_ = std::move(details);
    draw_at_ = not_before_;
    tick(now);
}

void Progress::tick(Clock::time_point now) {
    if (!draw_at_ || now < *draw_at_) {
        return;
    }
    draw_at_.reset();
    not_before_ = now + limits::progress_every;
    drawn_ = true;
    screen_.err(erase_line);
    screen_.err(line());
}

std::optional<Clock::time_point> Progress::wake_at() const { return draw_at_; }

void Progress::erase() {
    draw_at_.reset();
    label_.clear();
    if (std::exchange(drawn_, false)) {
        screen_.err(erase_line);
    }
}

std::string Progress::line() const {
    // The last column stays free: a terminal that wraps there cannot erase the line.
    const int columns = terminal_.columns - 1;
    std::string out =
        shortened(label_, static_cast<std::size_t>(std::max(columns, 0)), terminal_.utf8);
    std::string figures;
    if (fraction_) {
        const int percent = static_cast<int>(std::clamp(*fraction_, 0.0, 1.0) * 100);
        figures = std::to_string(percent) + " %";
    }
    int free = columns - static_cast<int>(characters(out) + figures.size()) - 2;
    for (const std::string& detail : details_) {
        const int needed = static_cast<int>(detail.size()) + (figures.empty() ? 0 : 2);
        if (needed > free) {
            break;
        }
        figures += (figures.empty() ? "" : ", ") + detail;
        free -= needed;
    }
    const int cells = std::min(free, 32);
    if (fraction_ && cells >= 4) {
        out += ' ' + bar(*fraction_, cells, terminal_.utf8);
    }
    return free >= 0 && !figures.empty() ? out + ' ' + figures : out;
}

}  // namespace threadrunner::cli
