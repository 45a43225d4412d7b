#pragma once

#include <filesystem>

#include "base/error.h"

namespace threadrunner {

/// Creates a directory, 0700, and those above it. One that is there already must be ours, and
/// nobody else's to write to: forbidden otherwise.
[[nodiscard]] Result<void> create_private_directory(const std::filesystem::path& directory);

}  // namespace threadrunner
