#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/toml_edit.h"
#include "model/defaults.h"

namespace threadrunner::model {

/// What models.toml says of one model: a table with its name. Everything in it may be left out.
///
///     [gemma-3-270m-q4_k_m]                    # a file in models/, or …
///     path = "/data/gemma-3-270m-q4_k_m.gguf"  # … one that lies elsewhere
///     aliases = ["gemma", "small"]
///     context = 8192                           # and more of default_table()
///     temperature = 0.2
struct FileEntry {
    std::string name;
    std::filesystem::path path;  ///< absolute; empty: the file of that name in models/
    std::vector<std::string> aliases;
    Defaults defaults;
    std::string place;  ///< "~/.threadrunner/models.toml:3"
};

/// Reads the text of a registry; `file` names it in messages, a path that is not absolute is one in
/// `folder`. Errors are model_load_failed and name file and line: broken TOML, unknown keys, values
/// of the wrong type, a name or an alias twice.
[[nodiscard]] Result<std::vector<FileEntry>> read_entries(std::string_view text,
                                                          const std::filesystem::path& file,
                                                          const std::filesystem::path& folder);

/// What the file holds; empty when it is not there.
[[nodiscard]] Result<std::string> read_registry_text(const std::filesystem::path& file);

/// edit_toml_file(), for a registry.
[[nodiscard]] Result<void> edit_registry_file(const std::filesystem::path& file,
                                              const std::filesystem::path& folder,
                                              const TomlEdit& edit);

/// A default as TOML writes it.
[[nodiscard]] std::string toml_value(const DefaultRow& row, const DefaultRow::Values& values);
[[nodiscard]] std::string toml_list(const std::vector<std::string>& values);

}  // namespace threadrunner::model
