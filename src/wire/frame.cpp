#include "wire/frame.h"

#include "base/text.h"

namespace threadrunner::wire {
namespace {

std::uint32_t read_length(std::string_view header) {
    std::uint32_t length = 0;
    for (std::size_t i = frame_header_bytes; i-- > 0;) {
        length = length << 8 | static_cast<unsigned char>(header[i]);
    }
    return length;
}

}  // namespace

void append_frame_header(std::string& out, std::size_t payload_bytes) {
    for (std::size_t i = 0; i < frame_header_bytes; ++i) {
        out.push_back(static_cast<char>(payload_bytes >> (8 * i) & 0xFF));
    }
}

void append_frame(std::string& out, std::string_view payload) {
    append_frame_header(out, payload.size());
    out += payload;
}

void FrameReader::push(std::string_view bytes) {
    buffer_.erase(0, taken_);
    taken_ = 0;
    buffer_ += bytes;
}

Result<std::optional<std::string_view>> FrameReader::next() {
    const std::string_view rest = std::string_view(buffer_).substr(taken_);
    if (rest.size() < frame_header_bytes) {
        return std::nullopt;
    }
    const std::size_t length = read_length(rest);
    if (length == 0) {
        return fail(ErrorCode::invalid_request,
                    "a frame of length 0; every frame holds a document");
    }
    if (length > payload_bytes_max_) {
        return fail(ErrorCode::too_large, "a frame of " + std::to_string(length) +
                                              " bytes; the limit is " +
                                              format_bytes(payload_bytes_max_));
    }
    if (rest.size() - frame_header_bytes < length) {
        return std::nullopt;
    }
    taken_ += frame_header_bytes + length;
    return rest.substr(frame_header_bytes, length);
}

}  // namespace threadrunner::wire
