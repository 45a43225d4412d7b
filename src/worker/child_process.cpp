#include "worker/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "base/own_environment.h"
#include "base/pointers_to.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wire/frame.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
using ErrorCodeOut = boost::system::error_code;

constexpr int control_fd = 3;
constexpr int first_free_fd = 10;  ///< above 0..3, so that dup2 in the child overwrites nothing
constexpr std::size_t read_bytes = 64 * limits::kib;
constexpr auto pipes_close_within = std::chrono::seconds(1);

auto no_throw(ErrorCodeOut& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// Everything about one child that its pending operations need: they keep it alive, so the handle
/// may be destroyed at any time. Ends when the process is reaped and both pipes are at their end.
class Core : public std::enable_shared_from_this<Core> {
public:
    Core(asio::io_context& loop, pid_t pid, UniqueFd pidfd, UniqueFd control, UniqueFd log,
         Process::Observer& observer)
        : observer_(&observer),
          pid_(pid),
          pidfd_(loop, pidfd.release()),
          control_(loop, asio::local::stream_protocol(), control.release()),
          log_(loop, log.release()),
          grace_(loop) {}

    void start() {
        const auto executor = control_.get_executor();
        const auto self = shared_from_this();
        asio::co_spawn(executor, read_frames(self), asio::detached);
        asio::co_spawn(executor, read_log(self), asio::detached);
        asio::co_spawn(executor, wait_for_exit(self), asio::detached);
    }

    [[nodiscard]] pid_t pid() const { return pid_; }

    void send(const wire::Json& frame) {
        wire::append_frame(outgoing_, wire::encode_msgpack(frame));
        if (!writing_ && !closed_) {
            writing_ = true;
            asio::co_spawn(control_.get_executor(), write_frames(shared_from_this()),
                           asio::detached);
        }
    }

    void signal(int number) {
        if (!reaped_) {
            ::kill(pid_, number);
        }
    }

    void silence() { observer_ = nullptr; }

private:
    using Self = std::shared_ptr<Core>;

    static asio::awaitable<void> read_frames(Self self) {
        wire::FrameReader reader(limits::worker_frame_bytes_max);
        std::vector<char> buffer(read_bytes);
        ErrorCodeOut error;
        while (!error) {
            const std::size_t got =
                co_await self->control_.async_read_some(asio::buffer(buffer), no_throw(error));
            if (!error) {
                reader.push({buffer.data(), got});
                self->deliver_frames(reader);
            }
        }
        self->closed_ = true;
        self->part_ended();
    }

    void deliver_frames(wire::FrameReader& reader) {
        while (observer_ != nullptr && fault_.empty()) {
            auto payload = reader.next();
            if (payload && !*payload) {
                return;
            }
            auto frame = payload ? wire::decode_msgpack(**payload)
                                 : Result<wire::Json>(std::unexpected(payload.error()));
            if (!frame) {
                fault_ = "sent a frame that cannot be read (" + frame.error().message + ")";
                signal(SIGKILL);
                return;
            }
            observer_->on_frame(*frame);
        }
    }

    static asio::awaitable<void> write_frames(Self self) {
        ErrorCodeOut error;
        while (!error && !self->outgoing_.empty()) {
            const std::string batch = std::exchange(self->outgoing_, {});
            co_await asio::async_write(self->control_, asio::buffer(batch), no_throw(error));
        }
        self->writing_ = false;
    }

    static asio::awaitable<void> read_log(Self self) {
        std::array<char, 4096> buffer{};
        std::string line;
        ErrorCodeOut error;
        while (!error) {
            const std::size_t got =
                co_await self->log_.async_read_some(asio::buffer(buffer), no_throw(error));
            for (const char c : std::string_view(buffer.data(), got)) {
                if (c != '\n' && line.size() < limits::log_line_bytes_max) {
                    line += c;
                } else if (!line.empty()) {
                    self->deliver_line(std::exchange(line, c == '\n' ? "" : std::string(1, c)));
                }
            }
        }
        self->deliver_line(line);
        self->part_ended();
    }

    void deliver_line(const std::string& line) {
        if (observer_ != nullptr && !line.empty()) {
            observer_->on_log_line(utf8_repair(line));
        }
    }

    static asio::awaitable<void> wait_for_exit(Self self) {
        ErrorCodeOut error;
        // Readiness is a hint only: epoll may report what the descriptor's number meant before.
        while (!self->reap()) {
            co_await self->pidfd_.async_wait(asio::posix::stream_descriptor::wait_read,
                                             no_throw(error));
        }
        // A grandchild may hold the pipes open: it does not hold up the news.
        self->grace_.expires_after(pipes_close_within);
        self->grace_.async_wait([self](const ErrorCodeOut& cancelled) {
            if (!cancelled) {
                self->close_pipes();
            }
        });
        self->part_ended();
    }

    /// Takes the exit status, without waiting for it; false while the process lives.
    [[nodiscard]] bool reap() {
        siginfo_t info{};
        if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) == 0) {
            if (info.si_pid == 0) {
                return false;
            }
            const bool exited = info.si_code == CLD_EXITED;
            status_.code = exited ? info.si_status : 0;
            status_.signal = exited ? 0 : info.si_status;
        }
        reaped_ = true;
        return true;
    }

    void close_pipes() {
        ErrorCodeOut ignored;
        control_.close(ignored);
        log_.close(ignored);
    }

    void part_ended() {
        if (--open_parts_ > 0) {
            return;
        }
        grace_.cancel();
        close_pipes();
        if (Process::Observer* observer = std::exchange(observer_, nullptr)) {
            status_.fault = fault_;
            observer->on_exit(status_);
        }
    }

    Process::Observer* observer_;
    pid_t pid_;
    asio::posix::stream_descriptor pidfd_;
    asio::local::stream_protocol::socket control_;
    asio::posix::stream_descriptor log_;
    asio::steady_timer grace_;
    std::string outgoing_;
    bool writing_ = false;
    bool closed_ = false;
    bool reaped_ = false;
    int open_parts_ = 3;
    std::string fault_;
    ExitStatus status_;
};

class ChildProcess : public Process {
public:
    explicit ChildProcess(std::shared_ptr<Core> core) : core_(std::move(core)) {}
    ~ChildProcess() override {
        core_->silence();
        core_->signal(SIGKILL);
    }

    [[nodiscard]] pid_t pid() const override { return core_->pid(); }
    void send(const wire::Json& frame) override { core_->send(frame); }
    void signal(int number) override { core_->signal(number); }

private:
    std::shared_ptr<Core> core_;
};

/// What the child needs, prepared before fork(): after it, only async-signal-safe calls are
/// allowed.
struct ChildSetup {
    std::string program;
    std::vector<char*> arguments;
    std::vector<char*> environment;
    int null_fd;
    int log_fd;
    int control;  ///< -1: the child gets none
    pid_t parent;
};

[[noreturn]] void become_child(const ChildSetup& setup) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != setup.parent) {
        ::_exit(1);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGXFSZ, SIG_DFL);
    ::dup2(setup.null_fd, STDIN_FILENO);
    ::dup2(setup.log_fd, STDOUT_FILENO);
    ::dup2(setup.log_fd, STDERR_FILENO);
    if (setup.control >= 0) {
        ::dup2(setup.control, control_fd);
    }
    ::syscall(SYS_close_range, control_fd + (setup.control >= 0 ? 1 : 0), ~0U, 0);
    const int oom = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (oom >= 0) {
        constexpr std::string_view score = "500";
        static_assert(limits::worker_oom_score_adj == 500);
        [[maybe_unused]] const auto written = ::write(oom, score.data(), score.size());
    }
    ::execve(setup.program.c_str(), setup.arguments.data(), setup.environment.data());
    constexpr std::string_view message = "error: the worker's program cannot be executed\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message.data(), message.size());
    ::_exit(127);
}

/// A descriptor above those that the child replaces.
UniqueFd raise(UniqueFd fd) { return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, first_free_fd)); }

/// Ours without what was meant for us alone, and with the command's in place of ours.
std::vector<std::string> child_environment(const std::vector<std::string>& more) {
    std::vector<std::string> out = own_environment();
    std::erase_if(out, [&](std::string_view text) {
        const auto replaces = [&](std::string_view other) {
            return text.substr(0, text.find('=')) == other.substr(0, other.find('='));
        };
        return text.starts_with("LISTEN_") || text.starts_with("NOTIFY_SOCKET=") ||
               std::ranges::any_of(more, replaces);
    });
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

}  // namespace

std::string ExitStatus::describe() const {
    if (!is_ours) {
        return fault.empty() ? "was let go" : fault;
    }
    std::string out = signal != 0 ? "was ended by signal " + std::to_string(signal) + " (" +
                                        ::strsignal(signal) + ")"
                                  : "exited with code " + std::to_string(code);
    return fault.empty() ? out : fault + " and " + out;
}

Result<std::unique_ptr<Process>> spawn_child(asio::io_context& loop, const Command& command,
                                             Process::Observer& observer) {
    std::array<int, 2> control{};
    std::array<int, 2> log{};
    const std::string action = "cannot start " + command.program.string();
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control.data()) != 0) {
        return fail_system(ErrorCode::internal, action, errno);
    }
    UniqueFd our_control(control[0]);
    const UniqueFd child_control = raise(UniqueFd(control[1]));
    if (::pipe2(log.data(), O_CLOEXEC) != 0) {
        return fail_system(ErrorCode::internal, action, errno);
    }
    UniqueFd our_log(log[0]);
    const UniqueFd child_log = raise(UniqueFd(log[1]));
    const UniqueFd null_fd = raise(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
    if (!child_control || !child_log || !null_fd) {
        return fail_system(ErrorCode::internal, action, errno);
    }
    std::vector<std::string> words = command.arguments;
    words.insert(words.begin(), command.program.string());
    std::vector<std::string> variables = child_environment(command.environment);
    const ChildSetup setup{.program = command.program.string(),
                           .arguments = pointers_to(words),
                           .environment = pointers_to(variables),
                           .null_fd = null_fd.get(),
                           .log_fd = child_log.get(),
                           .control = command.speaks_frames ? child_control.get() : -1,
                           .parent = ::getpid()};
    const pid_t pid = ::fork();
    if (pid == 0) {
        become_child(setup);
    }
    if (pid < 0) {
        return fail_system(ErrorCode::internal, action, errno);
    }
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {
        const int reason = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return fail_system(ErrorCode::internal, action, reason);
    }
    auto core = std::make_shared<Core>(loop, pid, std::move(pidfd), std::move(our_control),
                                       std::move(our_log), observer);
    core->start();
    return std::make_unique<ChildProcess>(std::move(core));
}

}  // namespace threadrunner
