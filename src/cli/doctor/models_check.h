#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/doctor/finding.h"
#include "cli/progress.h"

namespace threadrunner::cli {

struct ModelsFacts {
    std::filesystem::path folder;
    std::size_t good = 0;
    std::size_t not_looked_at = 0;     ///< when time was up
    std::vector<std::string> faults;   ///< a message each, with the file and the remedy
    std::vector<std::string> partial;  ///< downloads that were broken off
};

/// Reads the headers of the folder's models, as far as time allows.
[[nodiscard]] ModelsFacts look_at_models(const std::filesystem::path& folder,
                                         Clock::time_point deadline);

[[nodiscard]] Findings judge_models(const ModelsFacts& facts);

}  // namespace threadrunner::cli
