#pragma once

#include <string>
#include <vector>

namespace threadrunner::taglib {

/// The names in a directory, in no order, "." and ".." among them; none where it cannot be read.
[[nodiscard]] std::vector<std::string> names_in(const std::string& directory);

}  // namespace threadrunner::taglib
