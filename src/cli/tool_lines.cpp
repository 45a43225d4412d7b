#include "cli/tool_lines.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "cli/characters.h"
#include "cli/looks.h"
#include "cli/safe_text.h"
#include "cli/tool_words.h"

namespace threadrunner::cli {
namespace {

std::size_t columns_of(const Terminal& terminal) {
    return static_cast<std::size_t>(std::max(terminal.columns - 1, 0));
}

}  // namespace

ToolLines::ToolLines(Screen& screen, const Terminal& terminal, Progress& progress)
    : screen_(screen), terminal_(terminal), progress_(progress) {}

void ToolLines::show(const event::Tool& call, Clock::time_point now) {
    if (!terminal_.err) {
        return;
    }
    if (!call.arguments.is_null()) {
        under_way_[call.call] = call_in_words(call.name, call.arguments);
    }
    switch (call.state) {
        case event::Tool::State::asks:
            progress_.erase();
            return;
        case event::Tool::State::runs:
            progress_.set(shortened(under_way_[call.call], columns_of(terminal_), terminal_.utf8),
                          std::nullopt, now);
            return;
        case event::Tool::State::done:
            return end_line(call, " done");
        case event::Tool::State::failed:
            return end_line(call, " failed: " + safe_text(call.message));
        case event::Tool::State::refused:
            return end_line(call, " refused: " + safe_text(call.message));
    }
}

/// The call gives way to how it ended, but not all of it.
void ToolLines::end_line(const event::Tool& call, const std::string& how) {
    progress_.erase();
    const auto known = under_way_.extract(call.call);
    const std::string words = known ? known.mapped() : call_in_words(call.name, nullptr);
    const std::size_t columns = columns_of(terminal_);
    const std::size_t room = std::max(columns - std::min(columns, characters(how)), columns / 2);
    screen_.err(std::string(terminal_.colour ? dim : "") + shortened(words, room, terminal_.utf8) +
                how + std::string(terminal_.colour ? plain : "") + "\n");
}

}  // namespace threadrunner::cli
