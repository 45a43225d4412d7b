#include "engine/frame_writer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "wire/frame.h"

namespace threadrunner::engine {

void FrameWriter::send(const wire::Json& event) {
    const std::string payload = wire::encode_msgpack(event);
    const std::lock_guard lock(mutex_);
    buffer_.clear();
    wire::append_frame(buffer_, payload);
    for (std::string_view rest = buffer_; !rest.empty();) {
        const ssize_t gone = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (gone >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(gone));
        } else if (errno != EINTR) {
            ::_exit(EXIT_SUCCESS);
        }
    }
}

}  // namespace threadrunner::engine
