#pragma once

#include "base/error.h"

namespace threadrunner::engine {

/// Serves the daemon at the other end of the socket `fd` until it is gone, asks for an end, or the
/// process gets SIGTERM. The caller must then end the process without joining its threads. Errors:
/// `fd` is no socket, or what came is no frame of the protocol.
[[nodiscard]] Result<void> serve(int fd);

}  // namespace threadrunner::engine
