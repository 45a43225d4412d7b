#pragma once

#include <map>
#include <string>

#include "cli/progress.h"
#include "wire/event.h"

namespace threadrunner::cli {

/// What tools do for a model, for a person: a line a call on stderr, dim, once it is over; while it
/// runs it is the progress. Nothing where stderr is no terminal. The caller has left the line that
/// the answer is on.
class ToolLines {
public:
    /// Borrows the screen and the progress.
    ToolLines(Screen& screen, const Terminal& terminal, Progress& progress);

    void show(const event::Tool& call, Clock::time_point now);

private:
    void end_line(const event::Tool& call, const std::string& how);

    Screen& screen_;
    Terminal terminal_;
    Progress& progress_;
    std::map<std::string, std::string> under_way_;  ///< calls in words, by their names in the job
};

}  // namespace threadrunner::cli
