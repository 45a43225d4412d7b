#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace threadrunner::sandbox {

/// A WebAssembly module as it lies on the disk.
struct ModuleFile {
    std::string bytes;
    std::string sha256;  ///< of them
};

/// Reads a module. not_found, invalid_request: no regular file or no WebAssembly binary; too_large.
[[nodiscard]] Result<ModuleFile> read_module(const std::filesystem::path& path);

}  // namespace threadrunner::sandbox
