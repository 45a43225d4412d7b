#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/chat/markdown_style.h"
#include "cli/invocation.h"
#include "cli/tool_lines.h"
#include "cli/view.h"

namespace threadrunner::cli {

/// Events for people and pipelines: the answer on stdout, ending in a line break; outputs (vectors)
/// on stdout, one JSON document a line; progress and what tools do on stderr where that is a
/// terminal, reasoning too unless the manner says otherwise.
class AnswerView : public View {
public:
    enum class Pace : bool { as_it_comes, at_the_end };
    struct Manner {
        Pace pace = Pace::as_it_comes;
        Think think = Think::on_terminal;
        bool markdown = false;  ///< the answer may have looks, on a terminal with colours
    };

    AnswerView(Screen& screen, const Terminal& terminal, Clock::time_point started);
    AnswerView(Screen& screen, const Terminal& terminal, Clock::time_point started, Manner manner);

    void show(const Event& event, std::string_view document, Clock::time_point now) override;
    void tick(Clock::time_point now) override;
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const override;
    void finish() override;

private:
    void reason(std::string_view text);
    void end_reasoning();
    void answer(std::string_view text);
    void end_paragraph();
    void show_done(const event::Done& done);
    void remark(const std::string& text);

    Screen& screen_;
    Terminal terminal_;
    Progress progress_;
    ToolLines tools_;
    Pace pace_;
    bool shows_reasoning_;
    std::optional<MarkdownStyle> style_;
    std::string held_;  ///< the answer so far, where it is printed at the end
    bool reasoning_ = false;
    bool line_open_ = false;  ///< the answer so far does not end in a line break
    std::int64_t tokens_ = 0;
};

}  // namespace threadrunner::cli
