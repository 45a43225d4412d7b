#include "cli/daemon_start.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "base/limits.h"
#include "base/log_tail.h"
#include "cli/daemon_spawn.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto lock_retry_every = std::chrono::milliseconds(10);
constexpr std::size_t ready_line_bytes_max = 4 * limits::kib;

/// Reads up to the end of the first line, or of the pipe. `timeout` at the deadline.
Result<std::string> read_line(int fd, Clock::time_point deadline) {
    std::string line;
    while (line.size() < ready_line_bytes_max && line.find('\n') == std::string::npos) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        if (left.count() <= 0) {
            return fail(ErrorCode::timeout, "the daemon did not start in time");
        }
        if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
            continue;
        }
        std::array<char, 512> buffer;
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size == 0 || (size < 0 && errno != EINTR)) {
            break;
        }
        line.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
    return line.substr(0, line.find('\n'));
}

std::string with_log(std::string message, const Home& home) {
    const fs::path log = home.log_file_today();
    std::string tail = log::tail_of_file(log, limits::log_tail_lines);
    while (tail.ends_with('\n')) {
        tail.pop_back();
    }
    return tail.empty() ? message : message + "\nThe last lines of " + log.string() + ":\n" + tail;
}

/// How a child ended that closes its ready pipe: it is about to exit, or has.
std::string end_of(pid_t pid) {
    int status = 0;
    for (int tries = 0; tries < 50; ++tries) {
        const pid_t ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid && WIFSIGNALED(status)) {
            return " (signal " + std::to_string(WTERMSIG(status)) + ")";
        }
        if (ended == pid) {
            return " (exit code " + std::to_string(WEXITSTATUS(status)) + ")";
        }
        std::this_thread::sleep_for(lock_retry_every);
    }
    return {};
}

/// What the daemon's word means when it is not `ready`. `conflict`: another one has the home.
Error failed_start(const std::string& line, pid_t pid, const Home& home) {
    constexpr std::string_view error_word = "error ";
    if (!line.starts_with(error_word)) {
        return {.code = ErrorCode::unreachable,
                .message = with_log("the daemon did not start" + end_of(pid), home)};
    }
    const std::string word = line.substr(error_word.size());
    const std::size_t blank = std::min(word.find(' '), word.size());
    const bool conflict = error_code_from(word.substr(0, blank)) == ErrorCode::conflict;
    return {
        .code = conflict ? ErrorCode::conflict : ErrorCode::unreachable,
        .message = "the daemon did not start: " + word.substr(std::min(blank + 1, word.size()))};
}

/// Starts the daemon and waits until it listens. The caller holds the start lock.
Result<void> start(const DaemonAddress& address, const fs::path& program,
                   Clock::time_point deadline) {
    const auto daemon = spawn_daemon(program, address);
    if (!daemon) {
        return std::unexpected(daemon.error());
    }
    const auto line = read_line(daemon->ready.get(), deadline);
    if (!line) {
        ::kill(daemon->pid, SIGTERM);
        return fail(line.error().code, with_log(line.error().message, address.home));
    }
    if (*line != "ready") {
        return std::unexpected(failed_start(*line, daemon->pid, address.home));
    }
    return {};
}

/// Another daemon has the home and does not listen where we look: most likely it is about to end.
bool home_becomes_free(const Home& home, Clock::time_point deadline) {
    const auto patience_ends = Clock::now() + limits::daemon_leaves_within;
    while (Clock::now() < std::min(deadline, patience_ends)) {
        if (const auto lock = try_lock(home.daemon_lock()); lock && *lock) {
            return true;
        }
        std::this_thread::sleep_for(lock_retry_every);
    }
    return false;
}

/// Under the start lock: the daemon of whoever held it before, or a new one.
Result<UniqueFd> start_and_connect(const DaemonAddress& address, const fs::path& program,
                                   Clock::time_point deadline) {
    auto connected = connect_running(address.socket, deadline);
    if (!connected || *connected) {
        return connected;
    }
    auto started = start(address, program, deadline);
    if (!started && started.error().code == ErrorCode::conflict) {
        if (!home_becomes_free(address.home, deadline)) {
            return fail(ErrorCode::unreachable,
                        started.error().message + "; it does not listen at " +
                            address.socket.string() + ": it is ending, or serves another socket");
        }
        started = start(address, program, deadline);
    }
    if (!started) {
        return std::unexpected(started.error());
    }
    connected = connect_running(address.socket, deadline);
    if (connected && !*connected) {
        return fail(ErrorCode::unreachable,
                    with_log("the daemon started and ended at once", address.home));
    }
    return connected;
}

}  // namespace

Result<UniqueFd> connect_or_start(const DaemonAddress& address, const fs::path& program,
                                  Clock::time_point deadline) {
    auto connected = connect_running(address.socket, deadline);
    if (!connected || *connected) {
        return connected;
    }
    if (auto created = create_home(address.home); !created) {
        return std::unexpected(created.error());
    }
    while (Clock::now() < deadline) {
        const auto lock = try_lock(address.home.start_lock());
        if (!lock) {
            return std::unexpected(lock.error());
        }
        if (*lock) {
            return start_and_connect(address, program, deadline);
        }
        std::this_thread::sleep_for(lock_retry_every);
        connected = connect_running(address.socket, deadline);
        if (!connected || *connected) {
            return connected;
        }
    }
    return fail(ErrorCode::timeout,
                "another command has been starting the daemon for too long; it "
                "holds " +
                    address.home.start_lock().string());
}

}  // namespace threadrunner::cli
