#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner {

/// The text of a small file that holds secrets, without the line ends behind it. `what` names it in
/// messages, which never quote it. forbidden: others may read it; too_large; unauthorized: it
/// cannot be read.
[[nodiscard]] Result<std::string> read_secret_file(const std::string& path, std::string_view what,
                                                   std::size_t bytes_max);

}  // namespace threadrunner
