#pragma once

#include <string>

#include "wire/decode.h"

namespace threadrunner::cli {

/// The op `tools` as a table for people; without tools, how to get one.
[[nodiscard]] std::string tools_table(const wire::Json& result);

/// Their names, a line each; not those of tools that are broken.
[[nodiscard]] std::string tool_names(const wire::Json& result);

/// What a tool says of itself (its op `describe`) for people: its ops and their arguments.
[[nodiscard]] std::string tool_text(const wire::Json& description);

/// What the op `install_tool` did, and what the tool may touch from now on.
[[nodiscard]] std::string installed_text(const wire::Json& result);

}  // namespace threadrunner::cli
