#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/standard_descriptors.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/interrupts.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

Outcome run(const Invocation& invocation, Context& context) {
    switch (invocation.command) {
        case Command::ask:
            return run_ask(invocation, context);
        case Command::chat:
            return run_chat(invocation, context);
        case Command::embed:
            return run_embed(invocation, context);
        case Command::tokenize:
            return run_tokenize(invocation, context);
        case Command::detokenize:
            return run_detokenize(invocation, context);
        case Command::models:
            return run_models(invocation, context);
        case Command::show:
            return run_show(invocation, context);
        case Command::pull:
            return run_pull(invocation, context);
        case Command::rm:
            return run_rm(invocation, context);
        case Command::load:
            return run_load(invocation, context);
        case Command::unload:
            return run_unload(invocation, context);
        case Command::tool:
            return run_tool(invocation, context);
        case Command::mcp:
            return run_mcp(invocation, context);
        case Command::tags:
            return run_tags(invocation, context);
        case Command::status:
            return run_status(invocation, context);
        case Command::ps:
            return run_ps(invocation, context);
        case Command::cancel:
            return run_cancel(invocation, context);
        case Command::stop:
            return run_stop(invocation, context);
        case Command::logs:
            return run_logs(invocation, context);
        case Command::config:
            return run_config(invocation, context);
        case Command::doctor:
            return run_doctor(invocation, context);
        case Command::bench:
            return run_bench(invocation, context);
        case Command::serve:
            return run_serve(invocation, context);
        case Command::version:
            return run_version(invocation, context);
        case Command::completion:
            return run_completion(invocation, context);
        case Command::help:
            return run_help(invocation, context);
    }
    return ExitCode::unknown;
}

void say(Context& context, const std::string& message) {
    context.console.screen().err(
        "threadrunner: " + (context.terminal.err ? safe_text(message) : message) + "\n");
}

ExitCode run_command_line(std::vector<std::string> arguments) {
    Context context{.terminal = find_terminal(), .console = Console(STDOUT_FILENO, STDERR_FILENO)};
    const auto invocation = route_arguments(std::move(arguments));
    Outcome outcome = ExitCode::success;
    if (!invocation) {
        outcome = std::unexpected(invocation.error());
    } else {
        if (context.terminal.err && !invocation->hint.empty()) {
            say(context, invocation->hint);
        }
        outcome = run(*invocation, context);
    }
    if (!outcome) {
        say(context, outcome.error().message);
    }
    const ExitCode exit = outcome ? *outcome : outcome.error().exit_code;
    if (auto written = context.console.flush(); !written) {
        context.console.screen().pieces().clear();
        say(context, written.error().message);
        [[maybe_unused]] const auto said = context.console.flush();
        return exit == ExitCode::success ? traits(written.error().code).exit_code : exit;
    }
    return exit;
}

}  // namespace
}  // namespace threadrunner::cli

int main(int argc, char** argv) {
    using namespace threadrunner::cli;
    threadrunner::open_standard_descriptors();
    ::signal(SIGPIPE, SIG_IGN);  // a reader that left is EPIPE: see Console
    InterruptScope::install();
    const auto exit =
        run_command_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
    return static_cast<int>(exit);
}
