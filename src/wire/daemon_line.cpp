#include "wire/daemon_line.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "base/limits.h"

namespace threadrunner::wire {
namespace {

constexpr std::size_t read_bytes = 64 * limits::kib;

}  // namespace

DaemonLine::DaemonLine(int fd)
    : fd_(fd), frames_(limits::worker_frame_bytes_max), buffer_(read_bytes) {}

Result<void> DaemonLine::check(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        return fail(ErrorCode::invalid_request,
                    "file descriptor " + std::to_string(fd) +
                        " is no socket; threadrunner-daemon starts this program, people do not");
    }
    return {};
}

Result<void> DaemonLine::read(const std::function<Result<void>(std::string_view payload)>& take) {
    const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got <= 0) {
        open_ = got < 0 && (errno == EAGAIN || errno == EINTR);
        return {};
    }
    frames_.push({buffer_.data(), static_cast<std::size_t>(got)});
    while (true) {
        const auto frame = frames_.next();
        if (!frame) {
            return std::unexpected(frame.error());
        }
        if (!*frame) {
            return {};
        }
        if (auto taken = take(**frame); !taken) {
            return taken;
        }
    }
}

}  // namespace threadrunner::wire
