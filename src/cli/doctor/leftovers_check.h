#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/paths.h"
#include "cli/doctor/finding.h"
#include "cli/doctor/proc.h"

namespace threadrunner::cli {

/// What earlier daemons and commands have left behind.
struct LeftoverFacts {
    bool daemon_answers = false;
    bool socket_exists = false;
    bool daemon_lock_held = false;
    bool start_lock_held = false;
    std::filesystem::path socket;
    std::vector<ProcessFacts> processes;  ///< of this home
    std::vector<std::string> temporary;   ///< files with a name that only lives for a moment
    std::size_t old_logs = 0;             ///< older than limits::doctor_logs_old_after
    std::uint64_t logs_bytes = 0;         ///< of all logs
    std::filesystem::path logs;
};

[[nodiscard]] LeftoverFacts look_for_leftovers(const Home& home,
                                               const std::filesystem::path& socket,
                                               bool daemon_answers);

[[nodiscard]] Findings judge_leftovers(const LeftoverFacts& facts);

}  // namespace threadrunner::cli
