#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/frame.h"

namespace threadrunner::wire {

/// A worker's end of the socket to its daemon, as far as frames come in. For one thread.
class DaemonLine {
public:
    /// `fd` is not closed.
    explicit DaemonLine(int fd);

    /// invalid_request where a descriptor is no socket: then no daemon has started the program.
    [[nodiscard]] static Result<void> check(int fd);

    /// Takes in what has come, without waiting, and hands `take` the payload of each frame that is
    /// whole. Its first error is returned, as is that of bytes that are no frame.
    [[nodiscard]] Result<void> read(
        const std::function<Result<void>(std::string_view payload)>& take);

    /// False once the daemon is gone.
    [[nodiscard]] bool open() const { return open_; }

private:
    int fd_;
    bool open_ = true;
    FrameReader frames_;
    std::vector<char> buffer_;
};

}  // namespace threadrunner::wire
