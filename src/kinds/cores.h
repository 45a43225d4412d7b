#pragma once

#include <cstddef>

namespace threadrunner {

/// Physical cores that this process may run on, at least 1: threads of one core share its
/// arithmetic units, so a second one only adds spinning.
[[nodiscard]] std::size_t physical_cores();

}  // namespace threadrunner
