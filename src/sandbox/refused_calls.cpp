#include "sandbox/refused_calls.h"

#include <cstdint>
#include <wasmtime/func.hh>

#include "sandbox/wasi_errno.h"

namespace threadrunner::sandbox {
namespace {

constexpr const char* wasi = "wasi_snapshot_preview1";
using Word = std::int32_t;
constexpr auto refusal = static_cast<Word>(WasiErrno::notsup);

}  // namespace

Result<void> refuse_calls(wasmtime::Linker& linker) {
    linker.allow_shadowing(true);
    auto symlink = linker.func_wrap(wasi, "path_symlink",
                                    [](Word /*target*/, Word /*target_length*/, Word /*directory*/,
                                       Word /*path*/, Word /*path_length*/) { return refusal; });
    auto link = linker.func_wrap(
        wasi, "path_link",
        [](Word /*from_directory*/, Word /*flags*/, Word /*from*/, Word /*from_length*/,
           Word /*directory*/, Word /*path*/, Word /*path_length*/) { return refusal; });
    linker.allow_shadowing(false);
    if (!symlink || !link) {
        return fail(ErrorCode::internal, "cannot refuse calls of WASI");
    }
    return {};
}

}  // namespace threadrunner::sandbox
