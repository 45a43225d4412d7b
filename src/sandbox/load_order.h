#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "wire/decode.h"

namespace threadrunner::sandbox {

/// A directory that the module gets, under a name of its own.
struct Grant {
    std::filesystem::path host;  ///< absolute
    std::string guest;           ///< absolute, as the module sees it
    bool writable = false;
};

/// What the daemon wants: the members of its `load` frame. Nothing that is not named here reaches
/// the module.
struct LoadOrder {
    std::filesystem::path module;  ///< absolute
    std::vector<Grant> grants;
    std::int64_t memory_mib = limits::sandbox_memory_mib_default;
    std::vector<std::pair<std::string, std::string>> variables;
    std::vector<std::string> arguments;  ///< after the program's name
    std::filesystem::path cache;         ///< of compiled modules; empty: none
};

/// The error is invalid_request and names the member.
[[nodiscard]] Result<LoadOrder> read_load_order(const wire::Json& frame);

}  // namespace threadrunner::sandbox
