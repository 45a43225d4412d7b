#include "daemon/settings_file.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <optional>
#include <string>
#include <system_error>

namespace threadrunner {
namespace {

/// A value as the text that a setting reads; nothing for lists and dates.
std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) {
        return text->get();
    }
    if (const auto* integer = node.as_integer()) {
        return std::to_string(integer->get());
    }
    if (const auto* real = node.as_floating_point()) {
        return fmt::format("{}", real->get());
    }
    if (const auto* flag = node.as_boolean()) {
        return flag->get() ? "true" : "false";
    }
    return std::nullopt;
}

Result<void> apply_table(Settings& settings, const toml::table& table, const std::string& prefix,
                         const std::string& file) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string(name.str());
        Result<void> applied;
        if (const auto* inner = node.as_table()) {
            applied = apply_table(settings, *inner, key + ".", file);
            if (!applied) {
                return applied;
            }
            continue;
        }
        if (const auto text = text_of(node)) {
            applied = set_setting(settings, key, *text);
        } else {
            applied = fail(ErrorCode::invalid_request, key + " takes a text or a number");
        }
        if (!applied) {
            return fail(
                ErrorCode::invalid_request,
                fmt::format("{}:{}: {}", file, node.source().begin.line, applied.error().message));
        }
    }
    return {};
}

}  // namespace

Result<void> apply_settings_file(Settings& settings, const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        return {};
    }
    if (std::filesystem::is_directory(file, error)) {
        return fail(ErrorCode::invalid_request,
                    file.string() + " is a directory; settings are read from a file of that name");
    }
    try {
        return apply_table(settings, toml::parse_file(file.string()), "", file.string());
    } catch (const toml::parse_error& problem) {
        return fail(ErrorCode::invalid_request,
                    fmt::format("{}:{}: {}", file.string(), problem.source().begin.line,
                                problem.description()));
    }
}

}  // namespace threadrunner
