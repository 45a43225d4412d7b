#include "cli/output_view.h"

#include <variant>

namespace threadrunner::cli {

void OutputView::show(const Event& event, std::string_view, Clock::time_point now) {
    if (const auto* output = std::get_if<event::Output>(&event)) {
        output_ = output->value;
    } else if (std::holds_alternative<event::Queued>(event)) {
        progress_.set("Waiting for the tool", std::nullopt, now);
    } else if (std::holds_alternative<event::Load>(event)) {
        progress_.set("Starting the tool", std::nullopt, now);
    }
}

}  // namespace threadrunner::cli
