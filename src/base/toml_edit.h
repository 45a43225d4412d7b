#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner {

/// Changes of a TOML file that touch nothing but one value: comments, order and layout are a
/// person's. Pure, on the file's text; text that is no TOML is invalid_request with the line.

/// A value's place: in the top of the document, or in one of its tables.
struct TomlKey {
    std::string_view table;  ///< empty: none
    std::string_view name;
};

/// A text as TOML writes it, quotes included.
[[nodiscard]] std::string toml_text(std::string_view text);

/// The text with that value, given as TOML writes it: its old value replaced where it stands, else
/// a line put behind the last of its table, else a table at the end.
[[nodiscard]] Result<std::string> with_value(std::string_view text, const TomlKey& key,
                                             std::string_view value);

/// The text without the line that sets it; the same text when none does. not_supported where it
/// shares the line with others.
[[nodiscard]] Result<std::string> without_value(std::string_view text, const TomlKey& key);

/// The text without a table, from its header to its last value. not_supported where its values
/// have no header.
[[nodiscard]] Result<std::string> without_table(std::string_view text, std::string_view name);

using TomlEdit = std::function<Result<std::string>(std::string_view text)>;

/// How a file's text is read, and whether it makes sense. The errors of both name the file.
struct TomlRules {
    std::function<Result<std::string>(const std::filesystem::path& file)> read;
    std::function<Result<void>(std::string_view text)> check;
};

/// Replaces the file's content by what `edit` makes of it, at once or not at all: a file that was
/// broken before is not touched. Follows symbolic links, keeps the file's mode; a new one is 0600.
/// One edit of a directory at a time: a second one waits, then is a conflict.
[[nodiscard]] Result<void> edit_toml_file(const std::filesystem::path& file, const TomlRules& rules,
                                          const TomlEdit& edit);

}  // namespace threadrunner
