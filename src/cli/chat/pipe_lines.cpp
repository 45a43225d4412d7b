#include "cli/chat/pipe_lines.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::cli {

Line PipeLines::read(bool) {
    std::size_t searched = 0;
    for (;;) {
        const std::size_t end = buffer_.find('\n', searched);
        if (end != std::string::npos || (ended_ && !buffer_.empty())) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end == std::string::npos ? end : end + 1);
            if (line.ends_with('\r')) {
                line.pop_back();
            }
            return {.how = Line::How::line, .text = utf8_repair(line)};
        }
        if (ended_) {
            return {.how = Line::How::end, .text = {}};
        }
        searched = buffer_.size();
        if (searched > limits::socket_frame_bytes_max) {
            return {.how = Line::How::failed,
                    .text = "a line of standard input is longer than 16 MiB"};
        }
        pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
        ::poll(&ready, 1, -1);
        std::array<char, 64 * limits::kib> bytes;
        const ssize_t size = ::read(fd_, bytes.data(), bytes.size());
        if (size < 0 && errno != EINTR && errno != EAGAIN) {
            return {.how = Line::How::failed,
                    .text = system_message("cannot read standard input", errno)};
        }
        ended_ = size == 0;
        buffer_.append(bytes.data(), static_cast<std::size_t>(size > 0 ? size : 0));
    }
}

}  // namespace threadrunner::cli
