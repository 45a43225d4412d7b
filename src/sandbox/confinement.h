#pragma once

#include <span>

#include "base/error.h"
#include "sandbox/open_grant.h"
#include "wire/decode.h"

namespace threadrunner::sandbox {

// What keeps a module in besides WebAssembly itself, should Wasmtime have a hole: the kernel.

/// At the start of the process: no new privileges, files that only their owner reads, no core
/// dumps, bounds on open files and on a file's size.
[[nodiscard]] Result<void> give_up_privileges();

/// Before the module runs, while this is the only thread: nothing but the granted directories from
/// here on. Both of the kernel's means are used as far as they are there.
[[nodiscard]] Result<void> confine(std::span<const OpenGrant> grants);

/// Which means this kernel has: {"landlock": its version or 0, "seccomp": whether}.
[[nodiscard]] wire::Json describe_confinement();

}  // namespace threadrunner::sandbox
