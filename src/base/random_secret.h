#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace threadrunner {

/// So many bytes that nobody can guess, from the kernel, in hexadecimal digits: a key or a cookie's
/// value. At most 256, which come whole: getrandom(2).
[[nodiscard]] Result<std::string> random_secret(std::size_t bytes);

}  // namespace threadrunner
