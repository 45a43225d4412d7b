#pragma once

#include <wasmtime/wasi.hh>

namespace threadrunner::sandbox {

// Where the calls of a module go that concern files. Wasmtime hands each to another thread and
// waits for it, unless its WASI is told to make them on the module's own, which its C API cannot
// say: only the library that -DTHREADRUNNER_WASMTIME=static builds can.

/// Lets them be made on the module's own thread, where that can be said.
void make_file_calls_at_once(wasmtime::WasiConfig& config);

/// For the module's thread, before it runs and starts others: all stay on the processor that this
/// one is on. Never two of them have something to do (stdin is read by another in any case), and
/// to wake one up next door takes longer than a call does, on a busy machine a hundred times as
/// long.
void keep_threads_together();

}  // namespace threadrunner::sandbox
