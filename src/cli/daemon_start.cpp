#include "cli/daemon_start.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "cli/daemon_environment.h"
#include "cli/log_tail.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto lock_retry_every = std::chrono::milliseconds(10);
constexpr std::size_t ready_line_bytes_max = 4 * limits::kib;
constexpr int ready_fd_in_child = 3;

struct Pipe {
    UniqueFd reader;
    UniqueFd writer;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_system(ErrorCode::unreachable, "cannot create a pipe", errno);
    }
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// What posix_spawn is told; destroyed with its owner.
class SpawnPlan {
public:
    SpawnPlan() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
    }
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    /// A process of its own: session, directory, signals, and no descriptor but the standard ones
    /// and the ready pipe. What it says before its log is open goes into the log file.
    void detach(const fs::path& log, int ready_writer) {
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, ready_writer, ready_fd_in_child);
        ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, log.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, ready_fd_in_child + 1);
        ::posix_spawn_file_actions_addchdir_np(&actions_, "/");
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        ::sigaddset(&signals, SIGINT);
        ::sigaddset(&signals, SIGPIPE);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }

    Result<pid_t> spawn(const fs::path& program, std::vector<std::string> arguments,
                        std::vector<std::string> variables) {
        pid_t pid = -1;
        const int error =
            ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_,
                          pointers_to(arguments).data(), pointers_to(variables).data());
        if (error != 0) {
            return fail_system(ErrorCode::unreachable, "cannot start " + program.string(), error);
        }
        return pid;
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

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
    std::string tail = tail_of_file(log, limits::log_tail_lines);
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

/// Starts the daemon and waits until it listens. The caller holds the start lock.
Result<void> start(const DaemonAddress& address, const fs::path& program,
                   Clock::time_point deadline) {
    auto pipe = make_pipe();
    if (!pipe) {
        return std::unexpected(pipe.error());
    }
    SpawnPlan plan;
    plan.detach(address.home.log_file_today(), pipe->writer.get());
    const auto pid = plan.spawn(program,
                                {program.string(), "--socket", address.socket.string(),
                                 "--ready-fd", std::to_string(ready_fd_in_child)},
                                daemon_environment(address.home));
    if (!pid) {
        return std::unexpected(pid.error());
    }
    pipe->writer.reset();
    const auto line = read_line(pipe->reader.get(), deadline);
    if (!line) {
        ::kill(*pid, SIGTERM);
        return fail(line.error().code, with_log(line.error().message, address.home));
    }
    if (*line == "ready") {
        return {};
    }
    constexpr std::string_view error_word = "error ";
    if (line->starts_with(error_word)) {
        const std::size_t code_end = line->find(' ', error_word.size());
        return fail(
            ErrorCode::unreachable,
            "the daemon did not start: " + line->substr(std::min(code_end, line->size() - 1) + 1));
    }
    return fail(ErrorCode::unreachable,
                with_log("the daemon did not start" + end_of(*pid), address.home));
}

/// Under the start lock: the daemon of whoever held it before, or a new one.
Result<UniqueFd> start_and_connect(const DaemonAddress& address, const fs::path& program,
                                   Clock::time_point deadline) {
    auto connected = connect_running(address.socket, deadline);
    if (!connected || *connected) {
        return connected;
    }
    if (auto started = start(address, program, deadline); !started) {
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
