#include "cli/answer_view.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "cli/looks.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

std::string load_label(const std::string& stage) {
    return stage.empty() || stage == "model" ? "Loading the model"
                                             : "Loading the model: " + safe_text(stage);
}

}  // namespace

AnswerView::AnswerView(Screen& screen, const Terminal& terminal, Clock::time_point started)
    : AnswerView(screen, terminal, started, Manner()) {}

AnswerView::AnswerView(Screen& screen, const Terminal& terminal, Clock::time_point started,
                       Manner manner)
    : screen_(screen),
      terminal_(terminal),
      progress_(screen, terminal, started),
      tools_(screen, terminal, progress_),
      pace_(manner.pace),
      shows_reasoning_(manner.think == Think::show ||
                       (manner.think == Think::on_terminal && terminal.err)) {
    if (manner.markdown && terminal.out && terminal.colour) {
        style_.emplace();
    }
}

void AnswerView::show(const Event& event, std::string_view, Clock::time_point now) {
    if (const auto* token = std::get_if<event::Token>(&event)) {
        ++tokens_;
        answer(token->text);
    } else if (const auto* queued = std::get_if<event::Queued>(&event)) {
        progress_.set("Waiting for its turn: number " + std::to_string(queued->position),
                      std::nullopt, now);
    } else if (const auto* load = std::get_if<event::Load>(&event)) {
        progress_.set(load_label(load->stage), load->fraction, now);
    } else if (const auto* prompt = std::get_if<event::Prompt>(&event)) {
        const auto total = static_cast<double>(std::max<std::int64_t>(prompt->total, 1));
        progress_.set("Reading the prompt", static_cast<double>(prompt->done) / total, now);
    } else if (const auto* reasoning = std::get_if<event::Reasoning>(&event)) {
        reason(reasoning->text);
    } else if (const auto* tool = std::get_if<event::Tool>(&event)) {
        end_paragraph();
        tools_.show(*tool, now);
    } else if (const auto* output = std::get_if<event::Output>(&event)) {
        progress_.erase();
        screen_.out(wire::encode_json(output->value) + "\n");
    } else if (const auto* log = std::get_if<event::Log>(&event)) {
        progress_.erase();
        screen_.err(terminal_.err ? safe_text(log->text) : log->text);
    } else if (const auto* done = std::get_if<event::Done>(&event)) {
        show_done(*done);
    }
}

void AnswerView::tick(Clock::time_point now) { progress_.tick(now); }

std::optional<Clock::time_point> AnswerView::wake_at() const { return progress_.wake_at(); }

void AnswerView::reason(std::string_view text) {
    if (!shows_reasoning_ || text.empty()) {
        return;
    }
    progress_.erase();
    if (!std::exchange(reasoning_, true) && terminal_.colour) {
        screen_.err(dim);
    }
    screen_.err(terminal_.err ? safe_text(text) : text);
}

void AnswerView::end_reasoning() {
    if (std::exchange(reasoning_, false)) {
        screen_.err(terminal_.colour ? plain : "");
        screen_.err("\n\n");
    }
}

void AnswerView::answer(std::string_view text) {
    if (text.empty()) {
        return;
    }
    if (pace_ == Pace::at_the_end) {
        held_ += text;
        return;
    }
    progress_.erase();
    end_reasoning();
    line_open_ = text.back() != '\n';
    if (terminal_.out) {
        screen_.out(style_ ? style_->push(safe_text(text)) : safe_text(text));
    } else {
        screen_.out(text);
    }
}

void AnswerView::show_done(const event::Done& done) {
    finish();
    if (done.reason == event::Reason::length) {
        remark("cut after " + std::to_string(done.usage ? done.usage->completion : tokens_) +
               " tokens: --max-tokens allows more");
    } else if (done.reason == event::Reason::tool_calls) {
        remark("ended with calls of tools still to come: --tool-rounds allows more");
    }
}

/// For a person, about the answer.
void AnswerView::remark(const std::string& text) {
    if (terminal_.err) {
        screen_.err(std::string(terminal_.colour ? dim : "") + "(" + text + ")" +
                    std::string(terminal_.colour ? plain : "") + "\n");
    }
}

void AnswerView::finish() {
    pace_ = Pace::as_it_comes;
    answer(std::exchange(held_, {}));
    end_paragraph();
}

/// What a model says before a call and after it are two sayings: each ends in a line break.
void AnswerView::end_paragraph() {
    progress_.erase();
    end_reasoning();
    if (style_) {
        screen_.out(style_->finish());
    }
    if (std::exchange(line_open_, false)) {
        screen_.out("\n");
    }
    if (!held_.empty() && held_.back() != '\n') {
        held_ += '\n';
    }
}

}  // namespace threadrunner::cli
