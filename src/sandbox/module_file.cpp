#include "sandbox/module_file.h"

#include <fcntl.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/sha256.h"
#include "base/unique_fd.h"
#include "sandbox/whole_file.h"

namespace threadrunner::sandbox {
namespace {

/// WebAssembly core specification, 5.5.16: the magic and version 1 of a core module.
constexpr std::string_view module_start{"\0asm\1\0\0\0", 8};

}  // namespace

Result<ModuleFile> read_module(const std::filesystem::path& path) {
    const std::string what = "the module " + path.string();
    // a FIFO in its place must not keep us
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        return fail_system(errno == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_request,
                           "cannot open " + what, errno);
    }
    auto bytes = read_whole(fd.get(), limits::sandbox_module_bytes_max, what);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    if (!bytes->starts_with(module_start)) {
        return fail(ErrorCode::invalid_request,
                    what + " is no WebAssembly core module; compile it for wasm32-wasi");
    }
    Sha256 hash;
    hash.add(*bytes);
    return ModuleFile{.bytes = *std::move(bytes), .sha256 = hash.finish()};
}

}  // namespace threadrunner::sandbox
