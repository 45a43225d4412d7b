#include "cli/commands/call.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/answer_view.h"
#include "cli/daemon_address.h"
#include "cli/daemon_start.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

Clock::time_point at_most(std::optional<Clock::time_point> until, Clock::duration patience) {
    const auto patience_ends = Clock::now() + patience;
    return until ? std::min(*until, patience_ends) : patience_ends;
}

}  // namespace

Result<UniqueFd> reach_daemon(const Options& options, Reach reach,
                              std::optional<Clock::time_point> until) {
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    if (reach == Reach::running_only) {
        auto socket = connect_running(address->socket, at_most(until, limits::first_answer_within));
        if (!socket) {
            return std::unexpected(socket.error());
        }
        if (!*socket) {
            return fail(ErrorCode::unreachable,
                        "no daemon is running at " + address->socket.string());
        }
        return *std::move(socket);
    }
    const auto program = find_program("threadrunner-daemon");
    if (!program) {
        return fail(ErrorCode::unreachable, program.error().message);
    }
    auto socket = connect_or_start(*address, *program, at_most(until, limits::daemon_start_within));
    if (!socket) {
        return std::unexpected(socket.error());
    }
    return *std::move(socket);
}

Failure with_retry(Error error) {
    if (error.retry_after) {
        error.message += " (try again in " + format_duration(*error.retry_after) + ")";
    }
    return error;
}

std::optional<Clock::time_point> deadline_of(const Options& options) {
    return options.timeout ? std::optional(Clock::now() + *options.timeout) : std::nullopt;
}

std::expected<std::optional<std::string>, Failure> piped_input(
    Context& context, bool only_input, std::optional<Clock::time_point> until) {
    const auto notice = [&] {
        context.console.screen().err(
            "threadrunner: waiting for standard input, a pipe that is still open (give it "
            "</dev/null if nothing is to be read)\n");
        [[maybe_unused]] const auto written = context.console.pump();
    };
    auto input =
        read_input(STDIN_FILENO, {.only_input = only_input, .until = until, .on_silence = notice});
    if (!input) {
        return std::unexpected(input.error());
    }
    return *std::move(input);
}

Result<Ending> converse(Context& context, const Options& options, wire::Json request, View& view,
                        Reach reach, std::optional<Clock::time_point> until) {
    Consent consent(context.console.screen());
    // Whoever comes while a daemon ends may still reach its socket: the next one is asked, once.
    for (bool may_retry = reach == Reach::start;; may_retry = false) {
        auto socket = reach_daemon(options, reach, until);
        if (!socket) {
            return std::unexpected(socket.error());
        }
        if (until) {
            set_deadline(request, *until, Clock::now());
        }
        Connection connection(*std::move(socket));
        Conversation conversation(connection, context.console, view, consent);
        auto ending = conversation.run(request, Waits{.until = until});
        if (ending || !may_retry || !connection.closed_silently()) {
            return ending;
        }
    }
}

std::expected<Ending, Failure> call(Context& context, const Options& options, wire::Json request,
                                    View& view, Reach reach,
                                    std::optional<Clock::time_point> until) {
    auto ending = converse(context, options, std::move(request), view, reach, until);
    if (!ending) {
        return std::unexpected(with_retry(std::move(ending.error())));
    }
    return *std::move(ending);
}

Outcome call_for_result(Context& context, const Options& options, wire::Json request, Reach reach,
                        std::optional<Clock::time_point> until, const Render& render) {
    Screen& screen = context.console.screen();
    AnswerView view(screen, context.terminal, Clock::now());
    const auto ending = call(context, options, std::move(request), view, reach, until);
    if (!ending) {
        return std::unexpected(ending.error());
    }
    const auto exit = exit_of(*ending);
    if (exit != ExitCode::success) {
        return exit;
    }
    if (options.json) {
        const std::string document = wire::encode_json(ending->done.result);
        screen.out((context.terminal.out ? safe_json(document) : document) + "\n");
    } else {
        screen.out(render(ending->done.result));
    }
    return exit;
}

Outcome exit_of(const Ending& ending) {
    if (ending.how == Ending::How::interrupted) {
        return ExitCode::interrupted;
    }
    if (ending.how == Ending::How::done && ending.done.reason == event::Reason::cancelled) {
        return std::unexpected(Failure(ExitCode::interrupted, "the job was cancelled"));
    }
    return ExitCode::success;
}

}  // namespace threadrunner::cli
