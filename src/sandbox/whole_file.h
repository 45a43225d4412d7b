#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner::sandbox {

/// All bytes of an open regular file, from its beginning. `what` names it in messages. Errors:
/// invalid_request: no regular file; too_large; internal: it cannot be read.
[[nodiscard]] Result<std::string> read_whole(int fd, std::size_t bytes_max, std::string_view what);

/// Writes all bytes, in as many calls as it takes.
[[nodiscard]] Result<void> write_whole(int fd, std::string_view bytes, std::string_view what);

}  // namespace threadrunner::sandbox
