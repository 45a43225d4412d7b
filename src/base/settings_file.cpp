#include "base/settings_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/text.h"
#include "base/toml_node.h"
#include "base/unique_fd.h"

namespace threadrunner {
namespace {

Result<void> apply_value(SettingsReading& reading, const std::string& key, const toml::node& node,
                         const std::string& place) {
    const auto row = setting_row(key);
    if (!row) {
        return std::unexpected(row.error());
    }
    const auto text = node_text(node);
    if (!text) {
        return fail(ErrorCode::invalid_request, key + " takes a text or a number");
    }
    if (auto set = (*row)->set(reading.values, *text); !set) {
        return set;
    }
    reading.origins[(*row)->key] = {.source = Origin::Source::file, .place = place};
    return {};
}

Result<void> apply_table(SettingsReading& reading, const toml::table& table,
                         const std::string& prefix, const std::string& file) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string(name.str());
        if (const auto* inner = node.as_table()) {
            if (auto applied = apply_table(reading, *inner, key + ".", file); !applied) {
                return applied;
            }
            continue;
        }
        const std::string place = fmt::format("{}:{}", file, node.source().begin.line);
        if (auto applied = apply_value(reading, key, node, place); !applied) {
            return fail(applied.error().code, place + ": " + applied.error().message);
        }
    }
    return {};
}

}  // namespace

Result<SettingsReading> read_settings(const Home& home, std::span<const std::string> flags) {
    SettingsReading reading;
    auto read = apply_settings_file(reading, home.config_file());
    if (read) {
        read = apply_environment(reading);
    }
    if (read) {
        read = apply_flags(reading, flags);
    }
    if (!read) {
        return std::unexpected(read.error());
    }
    return reading;
}

Result<void> apply_settings_file(SettingsReading& reading, const std::filesystem::path& file) {
    const auto text = read_settings_text(file);
    return text ? apply_settings_text(reading, *text, file) : std::unexpected(text.error());
}

Result<void> apply_settings_text(SettingsReading& reading, std::string_view text,
                                 const std::filesystem::path& file) {
    try {
        return apply_table(reading, toml::parse(text, file.string()), "", file.string());
    } catch (const toml::parse_error& problem) {
        return fail(ErrorCode::invalid_request,
                    fmt::format("{}:{}: {}", file.string(), problem.source().begin.line,
                                problem.description()));
    }
}

Result<std::string> read_settings_text(const std::filesystem::path& file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!fd && errno == ENOENT) {
        return std::string();
    }
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return fail_system(ErrorCode::invalid_request, "cannot read " + file.string(), errno);
    }
    if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {
        return fail(ErrorCode::invalid_request,
                    file.string() + " is " + (S_ISDIR(status.st_mode) ? "a directory" : "no file") +
                        "; settings are read from a file of that name");
    }
    std::string text(limits::settings_file_bytes_max + 1, '\0');
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < text.size();) {
        got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got < 0) {
            return fail_system(ErrorCode::invalid_request, "cannot read " + file.string(), errno);
        }
        size += static_cast<std::size_t>(got);
    }
    if (size > limits::settings_file_bytes_max) {
        return fail(ErrorCode::too_large, file.string() + " has more than " +
                                              format_bytes(limits::settings_file_bytes_max) +
                                              "; that is no settings file");
    }
    text.resize(size);
    return text;
}

}  // namespace threadrunner
