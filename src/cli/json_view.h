#pragma once

#include <string>
#include <string_view>

#include "cli/view.h"

namespace threadrunner::cli {

/// Events for programs: each as it came, one a line.
class JsonEventsView : public View {
public:
    JsonEventsView(Screen& screen, const Terminal& terminal);
    void show(const Event& event, std::string_view document, Clock::time_point now) override;

private:
    Screen& screen_;
    bool on_terminal_;
};

/// The whole job as one JSON document at its end: text, reasoning, outputs, what tools did, and
/// what `done` or `error` said.
class JsonSummaryView : public View {
public:
    JsonSummaryView(Screen& screen, const Terminal& terminal);
    void show(const Event& event, std::string_view document, Clock::time_point now) override;

private:
    void keep(const event::Tool& tool);

    Screen& screen_;
    bool on_terminal_;
    std::string text_;
    std::string reasoning_;
    wire::Json logprobs_ = wire::Json::array();
    wire::Json outputs_ = wire::Json::array();
    wire::Json tool_calls_ = wire::Json::array();
    wire::Json tools_ = wire::Json::array();  ///< calls that were run here: their last events
};

}  // namespace threadrunner::cli
