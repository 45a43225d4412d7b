#pragma once

#include <expected>
#include <string>

#include "protocol/tool.h"

namespace threadrunner::taglib {

/// The `path` of a request; "Missing path" where it has none.
[[nodiscard]] std::expected<std::string, std::string> path_in(const tools::Json& request);

/// `read_tags`: `tags`, `pictures` and `audio` of the file at `path`; the pictures' bytes if
/// `pictures` is true.
[[nodiscard]] tools::Answer read_tags(const tools::Json& request);

}  // namespace threadrunner::taglib
