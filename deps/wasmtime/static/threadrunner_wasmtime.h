#pragma once

#include <wasi.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Lets WASI make calls for files on the thread that runs the module, where Wasmtime else hands
/// each to another thread and waits for it.
void threadrunner_wasi_config_allow_blocking(wasi_config_t* config);

#ifdef __cplusplus
}
#endif
