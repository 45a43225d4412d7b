#pragma once

#include "base/error.h"
#include "dummy/options.h"

namespace threadrunner::dummy {

/// Serves the daemon at the other end of the socket `fd` until it is gone, asks for an end, or the
/// process gets SIGTERM. Errors: `fd` is no socket, or what came is no frame of the protocol.
[[nodiscard]] Result<void> serve(int fd, const Options& options);

}  // namespace threadrunner::dummy
