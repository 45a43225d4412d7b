#include "cli/pull_view.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <variant>

#include "base/text.h"
#include "cli/result.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {

void PullView::show(const Event& event, std::string_view, Clock::time_point now) {
    if (const auto* load = std::get_if<event::Load>(&event)) {
        // where nobody knows how much there is, there is no bar
        const auto fraction = load->fraction > 0 ? std::optional(load->fraction) : std::nullopt;
        progress_.set(safe_text(load->stage), fraction, now, figures(*load, now));
    } else if (std::holds_alternative<event::Queued>(event)) {
        progress_.set("Waiting", std::nullopt, now);
    }
}

/// How much of how much, how fast, and how long that will still take.
std::vector<std::string> PullView::figures(const event::Load& load, Clock::time_point now) {
    if (!load.done_bytes) {
        return {};
    }
    if (std::exchange(stage_, load.stage) != load.stage) {
        rate_ = {};
    }
    const auto done = static_cast<std::uint64_t>(*load.done_bytes);
    rate_.add(done, now);
    std::string bytes = format_bytes(done);
    if (load.total_bytes) {
        bytes += " of " + format_bytes(static_cast<std::uint64_t>(*load.total_bytes));
    }
    std::vector<std::string> out = {std::move(bytes)};
    const double rate = rate_.per_second().value_or(0);
    if (rate < 1) {
        return out;
    }
    out.push_back(format_bytes(static_cast<std::uint64_t>(rate)) + "/s");
    if (load.total_bytes && *load.total_bytes > *load.done_bytes) {
        const double left = static_cast<double>(*load.total_bytes - *load.done_bytes) / rate;
        constexpr double left_max = 1e6;  // nobody waits so long
        const auto seconds = std::chrono::seconds(std::llround(std::min(left, left_max)));
        out.push_back(format_duration(std::max(seconds, std::chrono::seconds(1))) + " left");
    }
    return out;
}

std::string pulled_text(const wire::Json& result) {
    const wire::Json& meta = object_in(result, "meta");
    const std::string name = safe_text(text_in(meta, "name"));
    const std::string bytes = format_bytes(count_in(meta, "bytes"));
    return flag_in(meta, "already") ? name + " is here already (" + bytes + ")\n"
                                    : "pulled " + name + " (" + bytes + ")\n";
}

}  // namespace threadrunner::cli
