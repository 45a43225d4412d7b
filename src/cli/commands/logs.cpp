#include <poll.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/limits.h"
#include "base/log_tail.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/safe_text.h"
#include "wire/log_sieve.h"

namespace threadrunner::cli {
namespace {

/// Waits, but not for the reader of stdout to come back.
bool reader_stays(const Console& console) {
    pollfd out{.fd = console.out_fd(), .events = 0, .revents = 0};
    const std::chrono::milliseconds patience = limits::log_follow_every;
    return ::poll(&out, 1, static_cast<int>(patience.count())) == 0;
}

wire::LogQuery query_of(const Options& options) {
    wire::LogQuery out{
        .job = options.job, .level = options.level, .since = {}, .json = options.json};
    if (options.since) {
        out.since = std::chrono::system_clock::now() - *options.since;
    }
    return out;
}

/// What the files of earlier days have of it: nothing, where only the last lines are wanted.
void read_earlier(const Home& home, const std::filesystem::path& newest, wire::LogSieve& sieve,
                  wire::LastLines& out) {
    for (const std::filesystem::path& file : log::day_logs(home)) {
        if (file < newest) {
            log::LogFollower earlier(file, std::nullopt, [&] { return file; });
            out.add(sieve.pass(earlier.read_new()));
        }
    }
}

Outcome show(const Options& options, const Home& home, Context& context) {
    const wire::LogQuery query = query_of(options);
    const bool some = query.job || query.since;
    const auto lines = some ? options.lines : options.lines.value_or(limits::log_tail_lines);
    wire::LogSieve sieve(query);
    wire::LastLines last(lines);
    const auto newest = log::newest_log(home);
    if (some) {
        read_earlier(home, newest, sieve, last);
    }
    log::LogFollower follower(newest, query.everything() ? lines : std::nullopt,
                              [&] { return home.log_file_today(); });
    last.add(sieve.pass(follower.read_new()));
    std::string text = last.take();
    for (;;) {
        context.console.screen().out(context.terminal.out ? safe_text(text) : text);
        if (auto written = context.console.flush(); !written) {
            return std::unexpected(written.error());
        }
        if (!options.follow || context.console.reader_left() || !reader_stays(context.console)) {
            return ExitCode::success;
        }
        text = sieve.pass(follower.read_new());
    }
}

}  // namespace

Outcome run_logs(const Invocation& invocation, Context& context) {
    const auto address = find_daemon_address(invocation.options);
    if (!address) {
        return std::unexpected(address.error());
    }
    const Home& home = address->home;
    std::error_code error;
    if (!invocation.options.follow && !std::filesystem::exists(log::newest_log(home), error)) {
        return std::unexpected(
            Failure(ExitCode::unknown, "there is no log yet in " + home.logs().string()));
    }
    return show(invocation.options, home, context);
}

}  // namespace threadrunner::cli
