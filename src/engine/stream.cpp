#include "engine/stream.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "engine/worker.h"
#include "wire/daemon_line.h"

namespace threadrunner::engine {
namespace {

using namespace std::chrono_literals;

class Stream {
public:
    Stream(int fd, UniqueFd signals, UniqueFd idle)
        : fd_(fd),
          signals_(std::move(signals)),
          idle_(std::move(idle)),
          line_(fd),
          worker_(fd, [this] { ::eventfd_write(idle_.get(), 1); }) {}

    Result<void> run() {
        worker_.hello();
        while (line_.open() && !worker_.done()) {
            if (auto read = wait_and_read(); !read) {
                return read;
            }
            worker_.enforce_deadline(Worker::Clock::now());
        }
        return {};
    }

private:
    Result<void> wait_and_read() {
        std::array<pollfd, 3> polled = {
            {{fd_, POLLIN, 0}, {signals_.get(), POLLIN, 0}, {idle_.get(), POLLIN, 0}}};
        ::poll(polled.data(), polled.size(), timeout_ms());
        if (signalfd_siginfo signal{};
            polled[1].revents != 0 && ::read(signals_.get(), &signal, sizeof signal) > 0) {
            worker_.shut_down(Worker::Clock::now() + limits::kill_after_sigterm);
        }
        if (eventfd_t ended = 0; polled[2].revents != 0) {
            ::eventfd_read(idle_.get(), &ended);
        }
        return polled[0].revents != 0 ? read_frames() : Result<void>();
    }

    [[nodiscard]] int timeout_ms() const {
        const auto deadline = worker_.deadline();
        if (!deadline) {
            return -1;
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(*deadline - Worker::Clock::now());
        return static_cast<int>(std::clamp(left, 0ms, 60'000ms).count());
    }

    Result<void> read_frames() {
        return line_.read([this](std::string_view frame) { return worker_.receive(frame); });
    }

    int fd_;
    UniqueFd signals_;
    UniqueFd idle_;  ///< readable when a job has ended
    wire::DaemonLine line_;
    Worker worker_;
};

}  // namespace

Result<UniqueFd> open_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGINT, SIG_IGN);  // the terminal's word to the command, not to its workers
    std::signal(SIGPIPE, SIG_IGN);
    UniqueFd fd(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd) {
        return fail_system(ErrorCode::internal, "cannot open a signalfd", errno);
    }
    return fd;
}

Result<void> serve(int fd, UniqueFd signals) {
    if (auto checked = wire::DaemonLine::check(fd); !checked) {
        return checked;
    }
    UniqueFd idle(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!idle) {
        return fail_system(ErrorCode::internal, "cannot open an eventfd", errno);
    }
    // never destroyed: the threads that it started use it until the process ends
    auto* const stream = new Stream(fd, std::move(signals), std::move(idle));
    return stream->run();
}

}  // namespace threadrunner::engine
