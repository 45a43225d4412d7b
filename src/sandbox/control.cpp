#include "sandbox/control.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace threadrunner::sandbox {

bool Control::read() {
    std::array<char, 16 * limits::kib> buffer;
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    frames_.push({buffer.data(), static_cast<std::size_t>(got)});
    return true;
}

Result<std::optional<wire::Json>> Control::next() {
    const auto payload = frames_.next();
    if (!payload) {
        return std::unexpected(payload.error());
    }
    if (!*payload) {
        return std::nullopt;
    }
    auto frame = wire::decode_msgpack(**payload);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    return *std::move(frame);
}

void Control::send(const wire::Json& frame) {
    std::string bytes;
    wire::append_frame(bytes, wire::encode_msgpack(frame));
    for (std::string_view left = bytes; !left.empty();) {
        const ssize_t gone = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
        if (gone < 0 && errno != EINTR) {
            return;
        }
        left.remove_prefix(gone < 0 ? 0 : static_cast<std::size_t>(gone));
    }
}

}  // namespace threadrunner::sandbox
