#include "base/settings_edit.h"

#include "base/settings_file.h"

namespace threadrunner {
namespace {

/// "worker.idle" as table and name; no table for "model".
TomlKey key_of(const SettingRow& row) {
    const std::size_t dot = row.key.find('.');
    if (dot == std::string_view::npos) {
        return {.table = {}, .name = row.key};
    }
    return {.table = row.key.substr(0, dot), .name = row.key.substr(dot + 1)};
}

std::string toml_value(const SettingRow& row, std::string_view value) {
    const bool bare = row.type == SettingRow::Type::integer || row.type == SettingRow::Type::flag;
    return bare ? std::string(value) : toml_text(value);
}

}  // namespace

Result<std::string> with_setting(std::string_view text, const SettingRow& row,
                                 std::string_view value) {
    Settings probe;
    if (auto set = row.set(probe, value); !set) {
        return std::unexpected(set.error());
    }
    return with_value(text, key_of(row), toml_value(row, value));
}

Result<std::string> without_setting(std::string_view text, const SettingRow& row) {
    return without_value(text, key_of(row));
}

Result<void> edit_settings_file(const std::filesystem::path& file, const TomlEdit& edit) {
    const auto check = [&](std::string_view text) {
        SettingsReading ignored;
        return apply_settings_text(ignored, text, file);
    };
    return edit_toml_file(file, {.read = read_settings_text, .check = check}, edit);
}

}  // namespace threadrunner
