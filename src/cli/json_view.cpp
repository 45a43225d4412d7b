#include "cli/json_view.h"

#include <variant>

#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

void print_line(Screen& screen, std::string_view document, bool on_terminal) {
    screen.out(on_terminal ? safe_json(document) : std::string(document));
    screen.out("\n");
}

}  // namespace

JsonEventsView::JsonEventsView(Screen& screen, const Terminal& terminal)
    : screen_(screen), on_terminal_(terminal.out) {}

void JsonEventsView::show(const Event& event, std::string_view document, Clock::time_point) {
    if (document.find('\n') == std::string_view::npos) {
        print_line(screen_, document, on_terminal_);
    } else {
        print_line(screen_, wire::encode_json(wire::event_to_json(event)), on_terminal_);
    }
}

JsonSummaryView::JsonSummaryView(Screen& screen, const Terminal& terminal)
    : screen_(screen), on_terminal_(terminal.out) {}

void JsonSummaryView::show(const Event& event, std::string_view, Clock::time_point) {
    if (const auto* token = std::get_if<event::Token>(&event)) {
        text_ += token->text;
        if (token->logprobs.is_array()) {
            logprobs_.insert(logprobs_.end(), token->logprobs.begin(), token->logprobs.end());
        }
    } else if (const auto* reasoning = std::get_if<event::Reasoning>(&event)) {
        reasoning_ += reasoning->text;
    } else if (const auto* output = std::get_if<event::Output>(&event)) {
        outputs_.push_back(output->value);
    } else if (const auto* call = std::get_if<event::ToolCall>(&event)) {
        tool_calls_.push_back({{"name", call->name}, {"arguments", call->arguments}});
    }
    if (!ends_job(event)) {
        return;
    }
    wire::Json summary = wire::event_to_json(event);
    summary["text"] = text_;
    if (!reasoning_.empty()) {
        summary["reasoning"] = reasoning_;
    }
    if (!logprobs_.empty()) {
        summary["logprobs"] = logprobs_;
    }
    if (!outputs_.empty()) {
        summary["outputs"] = outputs_;
    }
    if (!tool_calls_.empty()) {
        summary["tool_calls"] = tool_calls_;
    }
    print_line(screen_, wire::encode_json(summary), on_terminal_);
}

}  // namespace threadrunner::cli
