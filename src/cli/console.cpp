#include "cli/console.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>

namespace threadrunner::cli {

Console::Console(int out_fd, int err_fd) : out_fd_(out_fd), err_fd_(err_fd) {}

int Console::fd_of(Screen::Stream stream) const {
    return stream == Screen::Stream::out ? out_fd_ : err_fd_;
}

std::size_t Console::pending_bytes() {
    std::size_t bytes = 0;
    for (const Screen::Piece& piece : screen_.pieces()) {
        bytes += piece.text.size();
    }
    return bytes - taken_;
}

int Console::waits_for() {
    return screen_.pieces().empty() ? -1 : fd_of(screen_.pieces().front().stream);
}

Result<Console::Step> Console::write_front() {
    Screen::Piece& piece = screen_.pieces().front();
    const bool is_out = piece.stream == Screen::Stream::out;
    bool& closed = is_out ? reader_left_ : err_closed_;
    while (!closed && taken_ < piece.text.size()) {
        pollfd ready{.fd = fd_of(piece.stream), .events = POLLOUT, .revents = 0};
        if (::poll(&ready, 1, 0) == 0) {
            return Step::blocked;
        }
        // A pipe that is ready takes PIPE_BUF bytes without blocking, and perhaps not one more.
        const auto rest = std::string_view(piece.text).substr(taken_, PIPE_BUF);
        const ssize_t written = ::write(ready.fd, rest.data(), rest.size());
        if (written >= 0) {
            taken_ += static_cast<std::size_t>(written);
        } else if (errno == EAGAIN) {
            return Step::blocked;
        } else if (errno == EPIPE || !is_out) {
            closed = true;
        } else if (errno != EINTR) {
            return fail_system(ErrorCode::internal, "cannot write to standard output", errno);
        }
    }
    screen_.pieces().pop_front();
    taken_ = 0;
    return Step::written;
}

Result<void> Console::pump() {
    while (!screen_.pieces().empty()) {
        const auto step = write_front();
        if (!step) {
            return std::unexpected(step.error());
        }
        if (*step == Step::blocked) {
            break;
        }
    }
    return {};
}

Result<void> Console::flush() {
    for (;;) {
        if (auto pumped = pump(); !pumped || screen_.pieces().empty()) {
            return pumped;
        }
        pollfd ready{.fd = waits_for(), .events = POLLOUT, .revents = 0};
        ::poll(&ready, 1, -1);
    }
}

}  // namespace threadrunner::cli
