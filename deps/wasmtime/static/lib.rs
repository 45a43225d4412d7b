//! Wasmtime's C API, and what it lacks: calls for files on the module's own thread.

pub use wasmtime_c_api::*;
use wasmtime_wasi::WasiCtxBuilder;

// `wasi_config_t` is `repr(C)` around a builder and nothing else, which it does not show. The
// version is pinned; another one that holds more would not compile here.
const _: () = assert!(size_of::<wasi_config_t>() == size_of::<WasiCtxBuilder>());
const _: () = assert!(align_of::<wasi_config_t>() == align_of::<WasiCtxBuilder>());

/// See threadrunner_wasmtime.h.
///
/// # Safety
/// `config` must be one that `wasi_config_new` made, and used by nobody else meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn threadrunner_wasi_config_allow_blocking(config: *mut wasi_config_t) {
    // SAFETY: the pointer is the caller's promise; the layout is asserted above.
    let builder = unsafe { &mut *config.cast::<WasiCtxBuilder>() };
    builder.allow_blocking_current_thread(true);
}
