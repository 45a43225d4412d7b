#pragma once

#include <cstdint>
#include <optional>

namespace threadrunner::cli {

/// What the control groups (version 2, or 1 where that is mounted) allow this process.
struct CgroupLimits {
    std::optional<std::uint64_t> memory_bytes;
    std::optional<double> cores;
};

[[nodiscard]] CgroupLimits look_at_cgroup();

}  // namespace threadrunner::cli
