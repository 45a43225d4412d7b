#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/settings.h"

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

using SettingsEdit = std::function<Result<std::string>(std::string_view text)>;

/// Replaces the file's content by what `edit` makes of it, at once or not at all, after it was read
/// as settings: a file that was broken before is not touched. Follows symbolic links, keeps the
/// file's mode; a new one is 0600. One edit at a time: a second one waits, then is a conflict.
[[nodiscard]] Result<void> edit_settings_file(const std::filesystem::path& file,
                                              const SettingsEdit& edit);

}  // namespace threadrunner
