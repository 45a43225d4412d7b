#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace threadrunner::cli {

/// What the kernel tells in small text files. All of it may be missing; then there is nothing.

/// The value of a line "name: value" in a text such as /proc/meminfo.
[[nodiscard]] std::optional<std::string> field_of(std::string_view text, std::string_view name);

/// A process of this user.
struct ProcessFacts {
    pid_t pid = 0;
    pid_t parent = 0;
    std::string program;  ///< the file's name
    std::string home;     ///< its THREADRUNNER_HOME, if it has one
};

/// Those whose program's name begins with "threadrunner-".
[[nodiscard]] std::vector<ProcessFacts> our_processes();

/// Whether some process holds a lock (flock) on the file; looks without trying it, which would get
/// in the way of one that takes it.
[[nodiscard]] bool is_locked(const std::filesystem::path& file);

}  // namespace threadrunner::cli
