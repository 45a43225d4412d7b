#include "cli/completion.h"

#include "cli/commands/commands.h"

namespace threadrunner::cli {

Outcome run_completion(const Invocation& invocation, Context& context) {
    context.console.screen().out(completion_script(invocation.words.front()));
    return ExitCode::success;
}

}  // namespace threadrunner::cli
