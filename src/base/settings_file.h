#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/paths.h"
#include "base/settings.h"

namespace threadrunner {

/// What a daemon of this home goes by: the defaults, over them config.toml, the environment of this
/// process, and the assignments of its command line (KEY=VALUE).
[[nodiscard]] Result<SettingsReading> read_settings(const Home& home,
                                                    std::span<const std::string> flags);

/// Reads config.toml over what was read before; a file that is not there changes nothing. Errors
/// name the file, the line and the key: broken TOML, an unknown key, a value of the wrong type.
[[nodiscard]] Result<void> apply_settings_file(SettingsReading& reading,
                                               const std::filesystem::path& file);

/// The same for a text that is, or is to become, the content of that file.
[[nodiscard]] Result<void> apply_settings_text(SettingsReading& reading, std::string_view text,
                                               const std::filesystem::path& file);

/// What the file holds, at most 1 MiB; empty when it is not there.
[[nodiscard]] Result<std::string> read_settings_text(const std::filesystem::path& file);

}  // namespace threadrunner
