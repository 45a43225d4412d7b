#pragma once

#include <cstdint>
#include <optional>

#include "cli/doctor/finding.h"

namespace threadrunner::cli {

struct MemoryFacts {
    std::uint64_t total_bytes = 0;
    std::uint64_t available_bytes = 0;
    std::uint64_t swap_bytes = 0;
    bool overcommit_refused = false;  ///< vm.overcommit_memory is 2
    std::optional<std::uint64_t> cgroup_bytes;
    std::optional<std::uint64_t> budget_bytes;  ///< of the daemon that runs
    std::uint64_t reserved_bytes = 0;           ///< of that
};

/// All but the budget, which the daemon knows.
[[nodiscard]] MemoryFacts look_at_memory();

[[nodiscard]] Findings judge_memory(const MemoryFacts& facts);

}  // namespace threadrunner::cli
