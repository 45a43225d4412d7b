#include "base/program_run.h"

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
#include <utility>

#include "base/limits.h"
#include "base/pointers_to.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace threadrunner {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto look_every = std::chrono::milliseconds(5);

Result<pid_t> spawn(const std::filesystem::path& program, std::vector<std::string>& arguments,
                    std::vector<std::string>& variables, int out, int err) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
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

struct Stream {
    UniqueFd reader;
    UniqueFd writer;
    std::string text;
    bool open = true;
};

Result<Stream> make_stream() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_system(ErrorCode::internal, "cannot create a pipe", errno);
    }
    return Stream{.reader = UniqueFd(ends[0]), .writer = UniqueFd(ends[1]), .text = {}};
}

void read_some(Stream& stream) {
    std::array<char, 16 * limits::kib> buffer;
    const ssize_t size = ::read(stream.reader.get(), buffer.data(), buffer.size());
    if (size == 0 || (size < 0 && errno != EINTR)) {
        stream.open = false;
    } else if (size > 0 && stream.text.size() < limits::mib) {
        stream.text.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

/// Until the program closes both; false at the deadline.
bool read_all(Stream& out, Stream& err, Clock::time_point deadline) {
    while (out.open || err.open) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            return false;
        }
        std::array<pollfd, 2> ready{};
        ready[0] = {.fd = out.open ? out.reader.get() : -1, .events = POLLIN, .revents = 0};
        ready[1] = {.fd = err.open ? err.reader.get() : -1, .events = POLLIN, .revents = 0};
        if (::poll(ready.data(), ready.size(), static_cast<int>(left.count())) <= 0) {
            continue;
        }
        if (ready[0].revents != 0) {
            read_some(out);
        }
        if (ready[1].revents != 0) {
            read_some(err);
        }
    }
    return true;
}

}  // namespace

Result<ProgramRun> run_program(const std::filesystem::path& program,
                               std::vector<std::string> arguments,
                               std::vector<std::string> variables,
                               std::chrono::milliseconds within) {
    const auto deadline = Clock::now() + within;
    auto out = make_stream();
    auto err = make_stream();
    if (!out || !err) {
        return std::unexpected(out ? err.error() : out.error());
    }
    arguments.insert(arguments.begin(), program.string());
    const auto pid = spawn(program, arguments, variables, out->writer.get(), err->writer.get());
    if (!pid) {
        return std::unexpected(pid.error());
    }
    out->writer = UniqueFd();
    err->writer = UniqueFd();
    bool in_time = read_all(*out, *err, deadline);
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
    return ProgramRun{.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                      .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                      .out = std::move(out->text),
                      .err = std::move(err->text)};
}

}  // namespace threadrunner
