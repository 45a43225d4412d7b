#include "sandbox/refused_calls.h"

#include <cstdint>
#include <wasmtime/func.hh>

namespace threadrunner::sandbox {
namespace {

constexpr const char* wasi = "wasi_snapshot_preview1";
/// `errno` of WASI's preview 1, in its witx.
constexpr std::int32_t errno_notsup = 58;

using Word = std::int32_t;

}  // namespace

Result<void> refuse_calls(wasmtime::Linker& linker) {
    linker.allow_shadowing(true);
    auto symlink =
        linker.func_wrap(wasi, "path_symlink",
                         [](Word /*target*/, Word /*target_length*/, Word /*directory*/,
                            Word /*path*/, Word /*path_length*/) { return errno_notsup; });
    auto link = linker.func_wrap(
        wasi, "path_link",
        [](Word /*from_directory*/, Word /*flags*/, Word /*from*/, Word /*from_length*/,
           Word /*directory*/, Word /*path*/, Word /*path_length*/) { return errno_notsup; });
    linker.allow_shadowing(false);
    if (!symlink || !link) {
        return fail(ErrorCode::internal, "cannot refuse calls of WASI");
    }
    return {};
}

}  // namespace threadrunner::sandbox
