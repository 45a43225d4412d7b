#include "cli/help.h"

#include "cli/commands/commands.h"

namespace threadrunner::cli {

Outcome run_help(const Invocation& invocation, Context& context) {
    const CommandSpec* about =
        invocation.words.empty() ? nullptr : find_command(invocation.words.front());
    context.console.screen().out(about == nullptr ? help_text() : help_text(*about));
    return ExitCode::success;
}

}  // namespace threadrunner::cli
