#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "base/log_filter.h"
#include "base/log_line.h"

/// The daemon's log: lines to a file a day and some of them to stderr (unless that is the same
/// file), written by a thread of its own so that the event loop never waits for a disk. The only
/// global of the program. A line that cannot be written is counted, and the next that can says so.
/// Prompts and answers are not logged unless the setting log.prompts asks for it.
namespace threadrunner::log {

struct Options {
    Filter file = Filter(Level::info);
    Filter console = Filter(Level::warn);  ///< stderr
    bool json = false;                     ///< a document a line
    std::uint64_t keep_days = limits::log_days_kept;
};

/// Opens the log in a directory. Call once, before the first thread. An error means that today's
/// file cannot be written: disk_full, or another. The log is open all the same, and tries again.
[[nodiscard]] Result<void> open(const std::filesystem::path& directory, const Options& options);

/// From the next line on. Any thread.
void reconfigure(const Options& options);

/// Writes out what waits and ends the thread.
void close();

[[nodiscard]] bool enabled(Level level, std::string_view target);

/// One line. Line breaks and control characters in it are escaped: a line is a line.
void write(const Line& line);

template <class... Args>
void write(Level level, std::string_view target, fmt::format_string<Args...> format,
           Args&&... args) {
    if (enabled(level, target)) {
        const std::string message = fmt::format(format, std::forward<Args>(args)...);
        write(Line{.level = level, .target = target, .message = message});
    }
}

template <class... Args>
void debug(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::debug, target, format, std::forward<Args>(args)...);
}

template <class... Args>
void info(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::info, target, format, std::forward<Args>(args)...);
}

template <class... Args>
void warn(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::warn, target, format, std::forward<Args>(args)...);
}

template <class... Args>
void error(std::string_view target, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::error, target, format, std::forward<Args>(args)...);
}

}  // namespace threadrunner::log
