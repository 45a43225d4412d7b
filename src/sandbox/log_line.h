#pragma once

#include <unistd.h>

#include <string>
#include <string_view>

namespace threadrunner::sandbox {

/// A line for the daemon's log, in one write: the module writes to stderr, too.
inline void write_log_line(std::string_view level, std::string_view message) {
    const std::string line = std::string(level) + ": " + std::string(message) + "\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace threadrunner::sandbox
