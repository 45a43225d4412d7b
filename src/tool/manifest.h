#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/tool_limits.h"
#include "job/grant.h"

namespace threadrunner::tool {

/// What a tool's manifest says. It has nothing but what stands there: no network, no environment,
/// no arguments, no files.
struct Manifest {
    std::string name;
    std::filesystem::path module;  ///< in the manifest's folder
    std::vector<Grant> preopens;   ///< by guest; a host's ~ is resolved, whether it exists is not
    std::uint64_t memory_mib = limits::tool_memory_mib;          ///< of one instance
    std::chrono::milliseconds deadline = limits::tool_deadline;  ///< of one call
    std::chrono::milliseconds idle = limits::tool_idle;          ///< how long it stays without work
    std::uint64_t instances = 1;                                 ///< processes that share its calls
    std::map<std::string, std::string> environment;
    std::vector<std::string> arguments;
};

/// The name of the manifest in a tool's folder.
inline constexpr std::string_view manifest_name = "tool.toml";

/// Whether a tool may be called so: it is a folder's name, a word of the command and a part of a
/// URL. Small letters, digits, - and _, a letter first.
[[nodiscard]] Result<void> check_name(std::string_view name);

/// Whether a tool may know a directory by this name: absolute, without "..", "." and "//".
[[nodiscard]] bool is_guest_path(std::string_view path);

/// Reads a manifest's text; `file` is where it stands. Unknown keys, wrong types, values out of
/// range and bad paths are invalid_request, with the file, the line and the remedy.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text,
                                              const std::filesystem::path& file);

/// The manifest of a tool's folder. not_found: there is none.
[[nodiscard]] Result<Manifest> read_manifest(const std::filesystem::path& folder);

}  // namespace threadrunner::tool
