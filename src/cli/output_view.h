#pragma once

#include "cli/progress.h"
#include "cli/view.h"

namespace threadrunner::cli {

/// Keeps what a call of a tool gives, for a command that shows it in its own way; meanwhile a line
/// of progress on stderr, where that is a terminal.
class OutputView : public View {
public:
    OutputView(Screen& screen, const Terminal& terminal, Clock::time_point started)
        : progress_(screen, terminal, started) {}

    void show(const Event& event, std::string_view document, Clock::time_point now) override;
    void tick(Clock::time_point now) override { progress_.tick(now); }
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const override {
        return progress_.wake_at();
    }
    void finish() override { progress_.erase(); }

    /// Null until it came.
    [[nodiscard]] const wire::Json& output() const { return output_; }

private:
    Progress progress_;
    wire::Json output_;
};

}  // namespace threadrunner::cli
