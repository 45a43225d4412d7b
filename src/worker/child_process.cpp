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
#include <optional>
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
    /// Our ends of what the child has; `piped` may be none.
    struct Ends {
        UniqueFd pidfd;
        UniqueFd control;
        UniqueFd piped;
        UniqueFd log;
    };

    Core(asio::io_context& loop, pid_t pid, Ends ends, Process::Observer& observer)
        : observer_(&observer),
          pid_(pid),
          pidfd_(loop, ends.pidfd.release()),
          control_(loop, std::move(ends.control), &Core::deliver_control),
          log_(loop, ends.log.release()),
          grace_(loop) {
        if (ends.piped) {
            piped_.emplace(loop, std::move(ends.piped), &Core::deliver_piped);
            ++open_parts_;
        }
    }

    void start() {
        const auto executor = log_.get_executor();
        const auto self = shared_from_this();
        asio::co_spawn(executor, read_frames(self, control_), asio::detached);
        if (piped_) {
            asio::co_spawn(executor, read_frames(self, *piped_), asio::detached);
        }
        asio::co_spawn(executor, read_log(self), asio::detached);
        asio::co_spawn(executor, wait_for_exit(self), asio::detached);
    }

    [[nodiscard]] pid_t pid() const { return pid_; }

    void send(const wire::Json& frame) { send(control_, wire::encode_msgpack(frame)); }

    void send_piped(std::string_view payload) {
        if (piped_) {
            send(*piped_, payload);
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

    /// Frames both ways. What one of the child's says is `deliver`'s to know.
    struct Channel {
        using Deliver = Result<void> (Core::*)(std::string_view payload);

        Channel(asio::io_context& loop, UniqueFd end, Deliver how)
            : socket(loop, asio::local::stream_protocol(), end.release()), deliver(how) {}

        asio::local::stream_protocol::socket socket;
        Deliver deliver;
        std::string outgoing;
        bool writing = false;
        bool closed = false;
    };

    void send(Channel& channel, std::string_view payload) {
        if (channel.closed) {
            return;
        }
        wire::append_frame(channel.outgoing, payload);
        if (!std::exchange(channel.writing, true)) {
            asio::co_spawn(log_.get_executor(), write_frames(shared_from_this(), channel),
                           asio::detached);
        }
    }

    static asio::awaitable<void> read_frames(Self self, Channel& channel) {
        wire::FrameReader reader(limits::worker_frame_bytes_max);
        std::vector<char> buffer(read_bytes);
        ErrorCodeOut error;
        while (!error) {
            const std::size_t got =
                co_await channel.socket.async_read_some(asio::buffer(buffer), no_throw(error));
            if (!error) {
                reader.push({buffer.data(), got});
                self->deliver_frames(channel, reader);
            }
        }
        channel.closed = true;
        self->part_ended();
    }

    void deliver_frames(const Channel& channel, wire::FrameReader& reader) {
        while (observer_ != nullptr && fault_.empty()) {
            auto payload = reader.next();
            if (payload && !*payload) {
                return;
            }
            const auto delivered = payload ? (this->*channel.deliver)(**payload)
                                           : Result<void>(std::unexpected(payload.error()));
            if (!delivered) {
                fault_ = "sent a frame that cannot be read (" + delivered.error().message + ")";
                signal(SIGKILL);
                return;
            }
        }
    }

    Result<void> deliver_control(std::string_view payload) {
        const auto frame = wire::decode_msgpack(payload);
        if (!frame) {
            return std::unexpected(frame.error());
        }
        observer_->on_frame(*frame);
        return {};
    }

    Result<void> deliver_piped(std::string_view payload) {
        observer_->on_piped_frame(payload);
        return {};
    }

    static asio::awaitable<void> write_frames([[maybe_unused]] Self self, Channel& channel) {
        ErrorCodeOut error;
        while (!error && !channel.outgoing.empty()) {
            const std::string batch = std::exchange(channel.outgoing, {});
            co_await asio::async_write(channel.socket, asio::buffer(batch), no_throw(error));
        }
        channel.writing = false;
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
        control_.socket.close(ignored);
        if (piped_) {
            piped_->socket.close(ignored);
        }
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
    Channel control_;
    std::optional<Channel> piped_;
    asio::posix::stream_descriptor log_;
    asio::steady_timer grace_;
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
    void send_piped(std::string_view payload) override { core_->send_piped(payload); }
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
    int input;
    int output;
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
    ::dup2(setup.input, STDIN_FILENO);
    ::dup2(setup.output, STDOUT_FILENO);
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

/// Both ends of the descriptors that a child gets.
struct Descriptors {
    UniqueFd our_control;
    UniqueFd our_piped;
    UniqueFd our_log;
    UniqueFd control;
    UniqueFd piped;  ///< its stdin and stdout, if they carry frames
    UniqueFd log;
    UniqueFd nothing;  ///< its stdin, if not
};

bool connect(UniqueFd& ours, UniqueFd& theirs) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return false;
    }
    ours.reset(ends[0]);
    theirs = raise(UniqueFd(ends[1]));
    return static_cast<bool>(theirs);
}

/// False, with errno, when there are no more.
bool open_descriptors(Descriptors& out, bool pipes_frames) {
    std::array<int, 2> log{};
    if (!connect(out.our_control, out.control) ||
        (pipes_frames && !connect(out.our_piped, out.piped)) ||
        ::pipe2(log.data(), O_CLOEXEC) != 0) {
        return false;
    }
    out.our_log.reset(log[0]);
    out.log = raise(UniqueFd(log[1]));
    out.nothing = raise(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
    return out.log && out.nothing;
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
    const std::string action = "cannot start " + command.program.string();
    Descriptors descriptors;
    if (!open_descriptors(descriptors, command.pipes_frames)) {
        return fail_system(ErrorCode::internal, action, errno);
    }
    std::vector<std::string> words = command.arguments;
    words.insert(words.begin(), command.program.string());
    std::vector<std::string> variables = child_environment(command.environment);
    const UniqueFd& piped = descriptors.piped;
    ChildSetup setup{.program = command.program.string(),
                     .arguments = pointers_to(words),
                     .environment = pointers_to(variables),
                     .input = (piped ? piped : descriptors.nothing).get(),
                     .output = (piped ? piped : descriptors.log).get(),
                     .log_fd = descriptors.log.get(),
                     .control = command.speaks_frames ? descriptors.control.get() : -1,
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
    auto core = std::make_shared<Core>(loop, pid,
                                       Core::Ends{.pidfd = std::move(pidfd),
                                                  .control = std::move(descriptors.our_control),
                                                  .piped = std::move(descriptors.our_piped),
                                                  .log = std::move(descriptors.our_log)},
                                       observer);
    core->start();
    return std::make_unique<ChildProcess>(std::move(core));
}

}  // namespace threadrunner
