#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner::wire {

/// Bytes of the length that stands before every frame: u32, little-endian.
constexpr std::size_t frame_header_bytes = 4;

/// The header of a frame whose payload has this many bytes (at most 2^32 - 1).
void append_frame_header(std::string& out, std::size_t payload_bytes);

/// Appends a whole frame.
void append_frame(std::string& out, std::string_view payload);

/// Cuts a stream of bytes into frames. It is entirely passive: push() what arrived, then take
/// frames from next() until it has none. A length of 0 or above the limit is an error
/// (invalid_request or too_large) after which the stream has no meaning any more: close it.
class FrameReader {
public:
    explicit FrameReader(std::size_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

    /// Takes bytes that arrived. Invalidates the view that next() gave.
    void push(std::string_view bytes);

    /// The payload of the next whole frame, valid until the next push(); nothing when more bytes
    /// are needed.
    [[nodiscard]] Result<std::optional<std::string_view>> next();

    /// Whether a frame has begun and is not whole yet.
    [[nodiscard]] bool mid_frame() const { return taken_ < buffer_.size(); }

private:
    std::size_t payload_bytes_max_;
    std::string buffer_;
    std::size_t taken_ = 0;  ///< bytes of buffer_ that next() has handed out
};

}  // namespace threadrunner::wire
