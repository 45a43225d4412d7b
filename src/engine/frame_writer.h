#pragma once

#include <mutex>
#include <string>

#include "wire/decode.h"

namespace threadrunner::engine {

/// Writes the worker's events to the daemon. Any thread may send; an event goes out whole. It
/// blocks while the daemon does not read: credits bound how much that can be. When the daemon is
/// gone the process ends, for nothing that it could still do has a reader.
class FrameWriter {
public:
    /// `fd` is a socket and stays its owner's.
    explicit FrameWriter(int fd) : fd_(fd) {}

    void send(const wire::Json& event);

private:
    int fd_;
    std::mutex mutex_;
    std::string buffer_;  ///< kept, so that a token's event allocates nothing
};

}  // namespace threadrunner::engine
