#pragma once

#include <cstdint>
#include <optional>

namespace threadrunner {

/// What the control groups (version 2, or 1 where that is mounted) allow this process. cgroups(7).
struct ControlGroupLimits {
    std::optional<std::uint64_t> memory_bytes;
    std::optional<double> cores;
};

[[nodiscard]] ControlGroupLimits control_group_limits();

}  // namespace threadrunner
