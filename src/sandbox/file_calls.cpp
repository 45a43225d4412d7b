#include "sandbox/file_calls.h"

#ifdef THREADRUNNER_WASMTIME_STATIC
#include "threadrunner_wasmtime.h"
#else
#include <sched.h>
#endif

namespace threadrunner::sandbox {

#ifdef THREADRUNNER_WASMTIME_STATIC

void make_file_calls_at_once(wasmtime::WasiConfig& config) {
    threadrunner_wasi_config_allow_blocking(config.capi());
}

void keep_threads_together() {}

#else

void make_file_calls_at_once(wasmtime::WasiConfig& /*config*/) {}

void keep_threads_together() {
    const int here = ::sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE) {
        return;
    }
    cpu_set_t processors;
    CPU_ZERO(&processors);
    CPU_SET(here, &processors);
    // where that is refused, it is only slower
    (void)::sched_setaffinity(0, sizeof processors, &processors);
}

#endif

}  // namespace threadrunner::sandbox
