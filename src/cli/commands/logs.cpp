#include <poll.h>

#include <chrono>
#include <string>

#include "base/limits.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/log_tail.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

/// Waits, but not for the reader of stdout to come back.
bool reader_stays(const Console& console) {
    pollfd out{.fd = console.out_fd(), .events = 0, .revents = 0};
    const std::chrono::milliseconds patience = limits::log_follow_every;
    return ::poll(&out, 1, static_cast<int>(patience.count())) == 0;
}

Outcome follow(const Home& home, std::size_t lines, Context& context) {
    LogFollower follower(newest_log(home), lines, [&] { return home.log_file_today(); });
    do {
        const std::string text = follower.read_new();
        context.console.screen().out(context.terminal.out ? safe_text(text) : text);
        if (auto written = context.console.flush(); !written) {
            return std::unexpected(written.error());
        }
    } while (!context.console.reader_left() && reader_stays(context.console));
    return ExitCode::success;
}

}  // namespace

Outcome run_logs(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    const Home& home = address->home;
    if (options.follow) {
        return follow(home, options.lines, context);
    }
    const auto file = newest_log(home);
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        return std::unexpected(
            Failure(ExitCode::unknown, "there is no log yet in " + home.logs().string()));
    }
    const std::string text = tail_of_file(file, options.lines);
    context.console.screen().out(context.terminal.out ? safe_text(text) : text);
    return ExitCode::success;
}

}  // namespace threadrunner::cli
