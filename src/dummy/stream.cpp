#include "dummy/stream.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "dummy/worker.h"
#include "wire/daemon_line.h"

namespace threadrunner::dummy {
namespace {

using namespace std::chrono_literals;

/// SIGTERM as bytes to poll for; SIGINT is the terminal's word to the command, not to its workers.
Result<UniqueFd> open_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGINT, SIG_IGN);
    UniqueFd fd(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd) {
        return fail_system(ErrorCode::internal, "cannot open a signalfd", errno);
    }
    return fd;
}

/// How a worker goes wrong in ways that its daemon must notice.
void perform(Fault fault, Outbox& outbox) {
    switch (fault) {
        case Fault::crash:
            std::abort();
        case Fault::freeze:
            std::raise(SIGSTOP);
            break;
        case Fault::garbage:
            outbox.put_bytes("these bytes are no frame");
            break;
    }
}

class Stream {
public:
    Stream(int fd, UniqueFd signals, const Options& options)
        : fd_(fd), signals_(std::move(signals)), mute_(options.mute), worker_(options), line_(fd) {}

    Result<void> run() {
        if (!mute_) {
            worker_.hello();
        }
        while (true) {
            worker_.advance(Clock::now());
            write_some();
            if (!line_.open() || broken_ || worker_.done()) {
                return {};
            }
            if (const auto fault = worker_.take_fault()) {
                perform(*fault, worker_.outbox());
                continue;
            }
            if (auto read = wait_and_read(); !read) {
                return read;
            }
        }
    }

private:
    /// Until a frame comes, bytes can go, a signal comes, or a task is due.
    Result<void> wait_and_read() {
        const auto wants_write = static_cast<short>(worker_.outbox().empty() ? 0 : POLLOUT);
        std::array<pollfd, 2> polled = {
            {{fd_, static_cast<short>(POLLIN | wants_write), 0}, {signals_.get(), POLLIN, 0}}};
        ::poll(polled.data(), polled.size(), timeout_ms());
        if (signalfd_siginfo signal{};
            polled[1].revents != 0 && ::read(signals_.get(), &signal, sizeof signal) > 0) {
            worker_.shut_down(Clock::now() + limits::kill_after_sigterm);
        }
        return (polled[0].revents & ~POLLOUT) != 0 ? read_frames() : Result<void>();
    }

    [[nodiscard]] int timeout_ms() const {
        const auto wake = worker_.wake();
        if (!wake) {
            return -1;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake - Clock::now());
        return static_cast<int>(std::clamp(left, 0ms, 60'000ms).count());
    }

    Result<void> read_frames() {
        return line_.read(
            [this](std::string_view frame) { return worker_.receive(frame, Clock::now()); });
    }

    void write_some() {
        Outbox& outbox = worker_.outbox();
        while (!outbox.empty()) {
            const auto bytes = outbox.pending();
            const ssize_t gone =
                ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (gone < 0) {
                broken_ = errno != EAGAIN && errno != EINTR;
                return;
            }
            outbox.sent(static_cast<std::size_t>(gone));
        }
    }

    int fd_;
    UniqueFd signals_;
    bool mute_;
    bool broken_ = false;  ///< what is sent arrives no more
    Worker worker_;
    wire::DaemonLine line_;
};

}  // namespace

Result<void> serve(int fd, const Options& options) {
    if (auto checked = wire::DaemonLine::check(fd); !checked) {
        return checked;
    }
    auto signals = open_signals();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    return Stream(fd, std::move(*signals), options).run();
}

}  // namespace threadrunner::dummy
