#include "model/registry_file.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "base/toml_node.h"
#include "model/name.h"

namespace threadrunner::model {
namespace {

namespace fs = std::filesystem;

/// Reads the tables of one file; the first fault ends it.
class Reading {
public:
    Reading(const fs::path& file, const fs::path& folder) : file_(file), folder_(folder) {}

    Result<std::vector<FileEntry>> read(const toml::table& document) {
        for (const auto& [name, node] : document) {
            const toml::table* table = node.as_table();
            const auto added = table == nullptr
                                   ? refuse(node, std::string(name.str()) +
                                                      " stands in no model's table; write "
                                                      "[NAME] above it")
                                   : add(std::string(name.str()), *table);
            if (!added) {
                return std::unexpected(added.error());
            }
        }
        return std::move(entries_);
    }

private:
    [[nodiscard]] std::string place_of(const toml::node& node) const {
        return fmt::format("{}:{}", file_.string(), node.source().begin.line);
    }

    [[nodiscard]] Result<void> refuse(const toml::node& node, const std::string& why) const {
        return fail(ErrorCode::model_load_failed, place_of(node) + ": " + why);
    }

    Result<void> add(std::string name, const toml::table& table) {
        FileEntry entry{.name = std::move(name), .place = place_of(table)};
        for (const auto& [key, node] : table) {
            const std::string member(key.str());
            const auto read = node.is_table() && !node.as_table()->is_inline()
                                  ? refuse_dotted(entry.name, member, node)
                                  : read_member(entry, member, node);
            if (!read) {
                return read;
            }
        }
        entries_.push_back(std::move(entry));
        return {};
    }

    /// [llama-3.1] is a table in a table to TOML.
    [[nodiscard]] Result<void> refuse_dotted(const std::string& name, const std::string& member,
                                             const toml::node& node) const {
        return refuse(node,
                      fmt::format("a name with a dot goes in quotes: [\"{}.{}\"]", name, member));
    }

    Result<void> read_member(FileEntry& entry, const std::string& key, const toml::node& node) {
        const auto values = values_of(node);
        if (!values) {
            return refuse(node, key + " takes a text, a number or a list of texts");
        }
        if (key == "path") {
            entry.path = node.is_string() ? fs::path((*values)[0]) : fs::path();
            if (entry.path.empty()) {
                return refuse(node, "path takes the path of a GGUF file");
            }
            entry.path = (folder_ / entry.path).lexically_normal();
            return {};
        }
        if (key == "aliases") {
            return read_aliases(entry, *values, node);
        }
        const auto row = default_row(key);
        const auto set =
            row ? (*row)->set(entry.defaults, *values) : Result<void>(std::unexpected(row.error()));
        return set ? set : refuse(node, set.error().message);
    }

    Result<void> read_aliases(FileEntry& entry, const std::vector<std::string>& aliases,
                              const toml::node& node) {
        for (const std::string& alias : aliases) {
            if (auto checked = check_name(alias); !checked) {
                return refuse(node, checked.error().message);
            }
            const auto [other, is_new] = aliases_.emplace(alias, entry.name);
            if (!is_new) {
                return refuse(node,
                              fmt::format("the alias {} is {}'s already", alias, other->second));
            }
            entry.aliases.push_back(alias);
        }
        return {};
    }

    [[nodiscard]] static std::optional<std::vector<std::string>> values_of(const toml::node& node) {
        std::vector<std::string> out;
        const toml::array* list = node.as_array();
        if (list == nullptr) {
            const auto text = node_text(node);
            return text ? std::optional(std::vector{*text}) : std::nullopt;
        }
        for (const toml::node& item : *list) {
            auto text = node_text(item);
            if (!text || out.size() >= limits::model_list_entries_max) {
                return std::nullopt;
            }
            out.push_back(*std::move(text));
        }
        return out;
    }

    const fs::path& file_;
    const fs::path& folder_;
    std::vector<FileEntry> entries_;
    std::map<std::string, std::string> aliases_;  ///< to the name of their model
};

}  // namespace

Result<std::vector<FileEntry>> read_entries(std::string_view text, const fs::path& file,
                                            const fs::path& folder) {
    try {
        return Reading(file, folder).read(toml::parse(text, file.string()));
    } catch (const toml::parse_error& problem) {
        return fail(ErrorCode::model_load_failed,
                    fmt::format("{}:{}: {}", file.string(), problem.source().begin.line,
                                problem.description()));
    }
}

Result<std::string> read_registry_text(const fs::path& file) {
    std::error_code error;
    const auto status = fs::status(file, error);
    if (status.type() == fs::file_type::not_found) {
        return std::string();
    }
    if (status.type() != fs::file_type::regular) {
        return fail(ErrorCode::model_load_failed, file.string() + " is no file that can be read");
    }
    const auto bytes = fs::file_size(file, error);
    if (!error && bytes > limits::registry_file_bytes_max) {
        return fail(ErrorCode::model_load_failed,
                    file.string() + " has more than " +
                        format_bytes(limits::registry_file_bytes_max) + "; that is no registry");
    }
    std::ifstream stream(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    if (!stream) {
        return fail(ErrorCode::model_load_failed,
                    "cannot read " + file.string() + "; check its permissions");
    }
    return text;
}

Result<void> edit_registry_file(const fs::path& file, const fs::path& folder,
                                const TomlEdit& edit) {
    const auto check = [&](std::string_view text) -> Result<void> {
        const auto entries = read_entries(text, file, folder);
        return entries ? Result<void>() : std::unexpected(entries.error());
    };
    return edit_toml_file(file, {.read = read_registry_text, .check = check}, edit);
}

std::string toml_list(const std::vector<std::string>& values) {
    std::string out;
    for (const std::string& value : values) {
        out += (out.empty() ? "" : ", ") + toml_text(value);
    }
    return "[" + out + "]";
}

std::string toml_value(const DefaultRow& row, const DefaultRow::Values& values) {
    switch (row.type) {
        case DefaultRow::Type::list:
            return toml_list(values);
        case DefaultRow::Type::number:
            return values.at(0);
        case DefaultRow::Type::text:
            break;
    }
    return toml_text(values.at(0));
}

}  // namespace threadrunner::model
