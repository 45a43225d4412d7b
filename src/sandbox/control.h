#pragma once

#include <optional>

#include "base/error.h"
#include "base/limits.h"
#include "wire/decode.h"
#include "wire/frame.h"

namespace threadrunner::sandbox {

/// The daemon's end of the line: frames on a socket. For one thread.
class Control {
public:
    /// `fd` stays its owner's.
    explicit Control(int fd) : fd_(fd) {}

    [[nodiscard]] int fd() const { return fd_; }

    /// Takes in what has come, without waiting. False once the daemon is gone.
    [[nodiscard]] bool read();

    /// The next whole frame. An error means that the stream has no meaning any more.
    [[nodiscard]] Result<std::optional<wire::Json>> next();

    /// Waits until the frame has gone; one to a daemon that is gone is lost.
    void send(const wire::Json& frame);

private:
    int fd_;
    wire::FrameReader frames_{limits::worker_frame_bytes_max};
};

}  // namespace threadrunner::sandbox
