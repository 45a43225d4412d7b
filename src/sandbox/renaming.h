#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sandbox/open_grant.h"
#include "sandbox/runtime.h"

namespace threadrunner::sandbox {

/// A path below a granted directory, which ends with a name.
struct GrantedPath {
    const OpenGrant* grant = nullptr;
    std::string path;  ///< relative to it
};

/// Renames as renameat(2) does, beneath the granted directories only, and lets a file that takes
/// the place of another take over its permissions, owner and extended attributes (user.*, and the
/// access list): WASI has no way to say them, and whoever writes a file anew and puts it in place
/// of the old one, so that no crash leaves half of it, would change them all. Returns 0 or an
/// errno; EXDEV where the path leads out.
[[nodiscard]] int rename_granted(const GrantedPath& from, const GrantedPath& to);

/// Puts that in place of WASI's `path_rename`. Only the granted directories themselves can be what
/// its paths start from, as in the C library's rename() and those that other languages build on it;
/// other directories are refused with ENOTSUP. `grants` must outlive the linker's instances.
[[nodiscard]] Result<void> define_renaming(wasmtime::Linker& linker,
                                           std::span<const OpenGrant> grants);

}  // namespace threadrunner::sandbox
