#include "protocol/serve.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

#include "wire/frame.h"

namespace threadrunner::tools {
namespace {

constexpr int broken_stream = 1;
constexpr int frame_over_limit = 2;

bool write_frame(int descriptor, std::string_view payload) {
    std::string frame;
    frame.reserve(wire::frame_header_bytes + payload.size());
    wire::append_frame(frame, payload);
    for (std::string_view rest = frame; !rest.empty();) {
        const ssize_t written = ::write(descriptor, rest.data(), rest.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return true;
}

/// Answers the whole frames that have arrived; an exit status when there is no going on.
int answer_all(const Tool& tool, wire::FrameReader& reader, int replies) {
    for (;;) {
        const auto frame = reader.next();
        if (!frame) {
            (void)write_frame(replies, Tool::refusal(frame.error().message));
            return frame_over_limit;
        }
        if (!*frame) {
            return 0;
        }
        if (!write_frame(replies, tool.reply_to(**frame))) {
            return broken_stream;
        }
    }
}

}  // namespace

int serve(const Tool& tool, int requests, int replies) {
    wire::FrameReader reader(Tool::frame_bytes_max);
    static std::array<char, 64 * limits::kib> piece;
    for (;;) {
        const ssize_t count = ::read(requests, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            const bool whole = count == 0 && !reader.mid_frame();
            if (!whole) {
                std::fputs("the requests end within a frame\n", stderr);
            }
            return whole ? 0 : broken_stream;
        }
        reader.push({piece.data(), static_cast<std::size_t>(count)});
        if (const int status = answer_all(tool, reader, replies); status != 0) {
            return status;
        }
    }
}

}  // namespace threadrunner::tools
