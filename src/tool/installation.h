#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "tool/registry.h"

namespace threadrunner::tool {

/// Copies a tool, its manifest and its module, into the home: whole or not at all. Errors are those
/// of its manifest; invalid_request for a module that is none; conflict: one of that name is
/// installed already.
[[nodiscard]] Result<Tool> install(const Registry& registry, const std::filesystem::path& folder);

/// Deletes an installed tool. One that came with the programs stays: conflict.
[[nodiscard]] Result<void> remove(const Registry& registry, const std::string& name);

}  // namespace threadrunner::tool
