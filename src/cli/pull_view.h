#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/progress.h"
#include "cli/rate.h"
#include "cli/view.h"

namespace threadrunner::cli {

/// How a download goes, for people: one line that is drawn over itself.
class PullView : public View {
public:
    PullView(Screen& screen, const Terminal& terminal, Clock::time_point started)
        : progress_(screen, terminal, started) {}

    void show(const Event& event, std::string_view document, Clock::time_point now) override;
    void tick(Clock::time_point now) override { progress_.tick(now); }
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const override {
        return progress_.wake_at();
    }
    void finish() override { progress_.erase(); }

private:
    [[nodiscard]] std::vector<std::string> figures(const event::Load& load, Clock::time_point now);

    Progress progress_;
    std::string stage_;
    Rate rate_;  ///< of that stage, in bytes
};

/// What a pull brought, for people.
[[nodiscard]] std::string pulled_text(const wire::Json& result);

}  // namespace threadrunner::cli
