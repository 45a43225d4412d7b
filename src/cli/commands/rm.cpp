#include <unistd.h>

#include <string>
#include <utility>

#include "cli/answer_view.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/model_view.h"
#include "cli/request.h"
#include "cli/result.h"

namespace threadrunner::cli {
namespace {

/// One line of the terminal.
std::string read_line() {
    std::string out;
    char c = '\0';
    while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
        out += c;
    }
    return out;
}

wire::Json request_for(const Invocation& invocation) {
    wire::Json request = make_request("remove", invocation.options);
    request["model"] = invocation.words.at(0);
    return request;
}

/// Whether a person wants it; where nobody can be asked it is a fault not to have said so.
std::expected<bool, Failure> confirmed(const Invocation& invocation, Context& context) {
    wire::Json request = request_for(invocation);
    request["dry_run"] = true;
    Screen& screen = context.console.screen();
    AnswerView view(screen, context.terminal, Clock::now());
    const auto ending = call(context, invocation.options, std::move(request), view, Reach::start,
                             deadline_of(invocation.options));
    if (!ending) {
        return std::unexpected(ending.error());
    }
    const wire::Json& plan = ending->done.result;
    if (list_in(plan, "deleted").empty()) {
        return true;
    }
    if (::isatty(STDIN_FILENO) == 0 || !context.terminal.err) {
        return fail_usage("this would " + removal_text(plan, false) +
                          "; say --yes if that is meant");
    }
    screen.err(removal_text(plan, false) + "? [y/N] ");
    [[maybe_unused]] const auto written = context.console.flush();
    const std::string answer = read_line();
    return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

Outcome run_rm(const Invocation& invocation, Context& context) {
    if (!invocation.options.yes) {
        const auto wanted = confirmed(invocation, context);
        if (!wanted) {
            return std::unexpected(wanted.error());
        }
        if (!*wanted) {
            context.console.screen().err("nothing was deleted\n");
            return ExitCode::unknown;
        }
    }
    return call_for_result(context, invocation.options, request_for(invocation), Reach::start,
                           deadline_of(invocation.options), [](const wire::Json& result) {
                               return removal_text(result, true) + "\n";
                           });
}

}  // namespace threadrunner::cli
