#pragma once

#include <filesystem>

#include "base/settings.h"

namespace threadrunner {

/// Reads config.toml over the defaults; a file that is not there changes nothing. Errors name the
/// file, the line and the key: broken TOML, an unknown key, a value of the wrong type.
[[nodiscard]] Result<void> apply_settings_file(Settings& settings,
                                               const std::filesystem::path& file);

}  // namespace threadrunner
