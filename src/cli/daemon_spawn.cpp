#include "cli/daemon_spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "base/pointers_to.h"
#include "cli/daemon_environment.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

Result<SpawnedDaemon> spawn_daemon(const fs::path& program, const DaemonAddress& address) {
    auto pipe = make_pipe();
    if (!pipe) {
        return std::unexpected(pipe.error());
    }
    // On a full disk the daemon is to serve all the same.
    const fs::path log = address.home.log_file_today();
    const UniqueFd writable(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    SpawnPlan plan;
    plan.detach(writable ? log : fs::path("/dev/null"), pipe->writer.get());
    const auto pid = plan.spawn(program,
                                {program.string(), "--socket", address.socket.string(),
                                 "--ready-fd", std::to_string(ready_fd_in_child)},
                                daemon_environment(address.home));
    if (!pid) {
        return std::unexpected(pid.error());
    }
    return SpawnedDaemon{.pid = *pid, .ready = std::move(pipe->reader)};
}

}  // namespace threadrunner::cli
