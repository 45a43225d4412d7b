#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

/// The daemon's log: lines to a file a day and, from `warn` up, to stderr (unless that is the same
/// file), written by a thread of its own so that the event loop never waits for a disk. The only
/// global of the program. Prompts and answers are never logged.
namespace threadrunner::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };

/// Opens the log in a directory. `filter`: a level, or target=level pairs with commas between
/// (daemon=debug,engine=info); a target may carry the prefix threadrunner_, and `core` means all.
/// An unknown level is invalid_request. Call once, before the first thread.
[[nodiscard]] Result<void> open(const std::filesystem::path& directory, const std::string& filter);

/// Writes out what waits and ends the thread.
void close();

[[nodiscard]] bool enabled(Level level, std::string_view target);

/// One line. Line breaks and control characters in it are escaped: a line is a line.
void write(Level level, std::string_view target, std::string_view message);

template <class... Args>
void debug(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug, target)) {
        write(Level::debug, target, fmt::format(format, std::forward<Args>(args)...));
    }
}

template <class... Args>
void info(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info, target)) {
        write(Level::info, target, fmt::format(format, std::forward<Args>(args)...));
    }
}

template <class... Args>
void warn(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warn, target)) {
        write(Level::warn, target, fmt::format(format, std::forward<Args>(args)...));
    }
}

template <class... Args>
void error(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error, target)) {
        write(Level::error, target, fmt::format(format, std::forward<Args>(args)...));
    }
}

}  // namespace threadrunner::log
