#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "cli/progress.h"

namespace threadrunner::cli {

/// How to read what was piped in.
struct InputRules {
    bool only_input = false;  ///< there are no words: without input there is nothing to do
    std::optional<Clock::time_point> until = std::nullopt;
    std::function<void()> on_silence = [] {};  ///< called once when a pipe stays silent
};

/// Reads `fd` to its end when it is a pipe, a file or a socket; none for a terminal or a device.
/// A pipe is waited for as long as it is open (its writer may be slow), unless `until` passes:
/// `timeout`. A silent socket beside words is what some programs start others with, no input: given
/// up after limits::stdin_socket_within. More than a frame holds is `too_large`.
[[nodiscard]] Result<std::optional<std::string>> read_input(int fd, const InputRules& rules);

}  // namespace threadrunner::cli
