#pragma once

#include <string_view>

#include "base/error.h"

namespace threadrunner::model {

/// Whether people may give a model this name. It must not be taken for a path, an option, a file or
/// the source of a download: letters, digits and ._:@+- only, a letter or digit first, and no
/// .gguf at its end. The names of files in models/ are what they are.
[[nodiscard]] Result<void> check_name(std::string_view name);

}  // namespace threadrunner::model
