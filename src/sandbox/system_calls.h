#pragma once

#include "base/error.h"

namespace threadrunner::sandbox {

/// Whether the kernel filters system calls. seccomp(2).
[[nodiscard]] bool can_filter_system_calls();

/// From here on the kernel answers this whole process with EPERM when it asks for what neither
/// Wasmtime nor a module needs: sockets, programs, processes, other processes' memory, mounts,
/// symlinks and hard links, kernel modules, clocks, io_uring and the like. Needs no_new_privs.
[[nodiscard]] Result<void> filter_system_calls();

}  // namespace threadrunner::sandbox
