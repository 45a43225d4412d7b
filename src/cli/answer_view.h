#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/view.h"

namespace threadrunner::cli {

/// Events for people and pipelines: the answer on stdout, ending in a line break; outputs (vectors)
/// on stdout, one JSON document a line; progress and reasoning on stderr where that is a terminal.
class AnswerView : public View {
public:
    enum class Pace : bool { as_it_comes, at_the_end };

    AnswerView(Screen& screen, const Terminal& terminal, Clock::time_point started,
               Pace pace = Pace::as_it_comes);

    void show(const Event& event, std::string_view document, Clock::time_point now) override;
    void tick(Clock::time_point now) override;
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const override;
    void finish() override;

private:
    void reason(std::string_view text);
    void end_reasoning();
    void answer(std::string_view text);
    void show_done(const event::Done& done);

    Screen& screen_;
    Terminal terminal_;
    Progress progress_;
    Pace pace_;
    std::string held_;  ///< the answer so far, where it is printed at the end
    bool reasoning_ = false;
    bool line_open_ = false;  ///< the answer so far does not end in a line break
    std::int64_t tokens_ = 0;
};

}  // namespace threadrunner::cli
