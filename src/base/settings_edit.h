#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/settings.h"
#include "base/toml_edit.h"

namespace threadrunner {

/// Changes of config.toml that touch nothing but the setting: comments, order and layout are a
/// person's. Pure, on the file's text, which must be valid.

/// The text with the setting at that value: its old value replaced where it stands, else a line put
/// behind the last of its table, else a table at the end. The value is checked first.
[[nodiscard]] Result<std::string> with_setting(std::string_view text, const SettingRow& row,
                                               std::string_view value);

/// The text without the line that sets it; the same text when none does. not_supported where it
/// shares the line with other settings.
[[nodiscard]] Result<std::string> without_setting(std::string_view text, const SettingRow& row);

/// edit_toml_file(), for a file of settings.
[[nodiscard]] Result<void> edit_settings_file(const std::filesystem::path& file,
                                              const TomlEdit& edit);

}  // namespace threadrunner
