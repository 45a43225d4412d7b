#include "cli/json_view.h"

#include <algorithm>
#include <utility>
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
    } else if (const auto* tool = std::get_if<event::Tool>(&event)) {
        keep(*tool);
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
    if (!tools_.empty()) {
        summary["tools"] = tools_;
    }
    print_line(screen_, wire::encode_json(summary), on_terminal_);
}

void JsonSummaryView::keep(const event::Tool& tool) {
    wire::Json members = wire::event_to_json(tool);
    members.erase("ev");
    const auto known = std::find_if(tools_.begin(), tools_.end(), [&](const wire::Json& call) {
        return call["call"] == tool.call;
    });
    if (known != tools_.end()) {
        known->update(members);
    } else {
        tools_.push_back(std::move(members));
    }
}

}  // namespace threadrunner::cli
