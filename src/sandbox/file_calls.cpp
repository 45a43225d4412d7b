#include "sandbox/file_calls.h"

#include <sched.h>

#ifdef THREADRUNNER_WASMTIME_STATIC
#include <threadrunner_wasmtime.h>
#endif

namespace threadrunner::sandbox {

void make_file_calls_at_once([[maybe_unused]] wasmtime::WasiConfig& config) {
#ifdef THREADRUNNER_WASMTIME_STATIC
    threadrunner_wasi_config_allow_blocking(config.capi());
#endif
}

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

}  // namespace threadrunner::sandbox
