#include "cli/doctor/program_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "base/limits.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/daemon_environment.h"
#include "cli/progress.h"

namespace threadrunner::cli {
namespace {

constexpr auto look_every = std::chrono::milliseconds(5);

Result<pid_t> spawn(const std::filesystem::path& program, std::vector<std::string>& arguments,
                    std::vector<std::string>& variables, int out) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, program.c_str(), &actions, nullptr,
                                    pointers_to(arguments).data(), pointers_to(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return fail_system(ErrorCode::not_found, "cannot start " + program.string(), error);
    }
    return pid;
}

/// Until the program closes its output; false at the deadline.
bool read_all(int fd, std::string& out, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            return false;
        }
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
            continue;
        }
        std::array<char, 16 * limits::kib> buffer;
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size == 0 || (size < 0 && errno != EINTR)) {
            return true;
        }
        if (size > 0 && out.size() < limits::mib) {
            out.append(buffer.data(), static_cast<std::size_t>(size));
        }
    }
}

}  // namespace

Result<ProgramRun> run_program(const std::filesystem::path& program,
                               std::vector<std::string> arguments,
                               std::vector<std::string> variables,
                               std::chrono::milliseconds within) {
    const auto deadline = Clock::now() + within;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_system(ErrorCode::internal, "cannot create a pipe", errno);
    }
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    arguments.insert(arguments.begin(), program.string());
    const auto pid = spawn(program, arguments, variables, writer.get());
    if (!pid) {
        return std::unexpected(pid.error());
    }
    writer = UniqueFd();
    ProgramRun run;
    bool in_time = read_all(reader.get(), run.out, deadline);
    int status = 0;
    pid_t ended = 0;
    while (in_time && (ended = ::waitpid(*pid, &status, WNOHANG)) == 0) {
        std::this_thread::sleep_for(look_every);
        in_time = Clock::now() < deadline;
    }
    if (ended == 0) {
        ::kill(*pid, SIGKILL);
        ::waitpid(*pid, &status, 0);
        return fail(ErrorCode::timeout,
                    program.filename().string() + " did not end within " + format_duration(within));
    }
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    run.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return run;
}

}  // namespace threadrunner::cli
