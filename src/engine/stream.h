#pragma once

#include "base/error.h"
#include "base/unique_fd.h"

namespace threadrunner::engine {

/// SIGTERM as a descriptor that becomes readable. To be called before the first thread is started:
/// one that did not block the signal would die of it.
[[nodiscard]] Result<UniqueFd> open_signals();

/// Serves the daemon at the other end of the socket `fd` until it is gone, asks for an end, or the
/// process gets SIGTERM, for which `signals` stands. The caller must then end the process without
/// joining its threads. Errors: `fd` is no socket, or what came is no frame of the protocol.
[[nodiscard]] Result<void> serve(int fd, UniqueFd signals);

}  // namespace threadrunner::engine
