#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/paths.h"
#include "cli/doctor/finding.h"

namespace threadrunner::cli {

struct DiskFacts {
    std::filesystem::path path;
    std::uint64_t free_bytes = 0;
    std::uint64_t total_bytes = 0;
    bool files_left = true;  ///< the file system can hold another file
};

/// The disk of the home, and that of its models where it is another.
[[nodiscard]] std::vector<DiskFacts> look_at_disks(const Home& home);

[[nodiscard]] Findings judge_disks(const std::vector<DiskFacts>& disks);

}  // namespace threadrunner::cli
