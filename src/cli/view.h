#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "cli/progress.h"
#include "wire/event.h"

namespace threadrunner::cli {

/// Renders a job's events. Pure: events and times in, bytes on a Screen out.
class View {
public:
    virtual ~View() = default;

    /// `document` is the event as it came, valid during the call.
    virtual void show(const Event& event, std::string_view document, Clock::time_point now) = 0;

    /// Called at wake_at(), or at any other time.
    virtual void tick(Clock::time_point) {}
    [[nodiscard]] virtual std::optional<Clock::time_point> wake_at() const { return std::nullopt; }

    /// The job is over, however it ended: leaves the terminal as a person expects it.
    virtual void finish() {}
};

}  // namespace threadrunner::cli
