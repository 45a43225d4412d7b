#pragma once

#include "base/error.h"
#include "sandbox/runtime.h"

namespace threadrunner::sandbox {

/// Puts refusals in place of the calls of WASI that make names for what is elsewhere: a symlink
/// that leads out of its directory binds no module, but every other program that follows it; a hard
/// link gives a file of a read-only directory a second name in a writable one. The module hears
/// ENOTSUP.
[[nodiscard]] Result<void> refuse_calls(wasmtime::Linker& linker);

}  // namespace threadrunner::sandbox
