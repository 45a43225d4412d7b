#include <algorithm>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "cli/answer_view.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/request.h"

namespace threadrunner::cli {
namespace {

constexpr auto lock_retry_every = std::chrono::milliseconds(20);

/// The daemon holds its lock to its very end, also where it has long closed its socket.
Result<void> wait_for_end(const Home& home, Clock::time_point deadline) {
    for (;;) {
        const auto lock = try_lock(home.daemon_lock());
        if (!lock) {
            return std::unexpected(lock.error());
        }
        if (*lock) {
            return {};
        }
        if (Clock::now() >= deadline) {
            return fail(ErrorCode::timeout,
                        "the daemon is still finishing its jobs; threadrunner ps shows them");
        }
        std::this_thread::sleep_for(lock_retry_every);
    }
}

void print_stopped(const Options& options, Context& context, bool was_running) {
    if (options.json) {
        context.console.screen().out(was_running ? "{\"stopped\":true}\n"
                                                 : "{\"stopped\":false}\n");
    } else {
        context.console.screen().out(was_running ? "stopped\n" : "no daemon is running\n");
    }
}

}  // namespace

Outcome run_stop(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto until = Clock::now() + options.timeout.value_or(
                                          std::chrono::milliseconds(limits::daemon_stop_within));
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    auto socket = connect_running(address->socket, until);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    if (!*socket) {
        print_stopped(options, context, false);
        return ExitCode::success;
    }
    Connection connection(*std::move(socket));
    AnswerView view(context.console.screen(), context.terminal, Clock::now());
    Consent consent(context.console.screen());
    const auto ending = Conversation(connection, context.console, view, consent)
                            .run(make_request("shutdown", options), Waits{.until = until});
    if (!ending) {
        return std::unexpected(ending.error());
    }
    if (const auto exit = exit_of(*ending); exit != ExitCode::success) {
        return exit;
    }
    if (auto ended = wait_for_end(address->home, until); !ended) {
        return std::unexpected(ended.error());
    }
    print_stopped(options, context, true);
    return ExitCode::success;
}

}  // namespace threadrunner::cli
