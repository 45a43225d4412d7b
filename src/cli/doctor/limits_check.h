#pragma once

#include <cstdint>
#include <optional>

#include "cli/doctor/finding.h"

namespace threadrunner::cli {

/// What the shell allows its programs, and so a daemon that is started from it; none: no limit.
struct LimitsFacts {
    std::optional<std::uint64_t> open_files;     ///< the hard limit: the daemon takes all of it
    std::optional<std::uint64_t> address_bytes;  ///< ulimit -v
    std::optional<std::uint64_t> file_bytes;     ///< ulimit -f
    std::optional<std::uint64_t> processes;      ///< ulimit -u
};

[[nodiscard]] LimitsFacts look_at_limits();

[[nodiscard]] Findings judge_limits(const LimitsFacts& facts);

}  // namespace threadrunner::cli
