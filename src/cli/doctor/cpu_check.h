#pragma once

#include <set>
#include <string>
#include <vector>

#include "cli/doctor/finding.h"

namespace threadrunner::cli {

struct CpuFacts {
    std::string model;
    unsigned cores = 0;           ///< that this process may use
    double quota = 0;             ///< cores that the control group allows; 0: all
    std::set<std::string> flags;  ///< of /proc/cpuinfo
};

[[nodiscard]] CpuFacts look_at_cpu();

/// `compiled_for`: the instruction sets of the engine's build, in ggml's names; empty: not known.
[[nodiscard]] Findings judge_cpu(const CpuFacts& facts,
                                 const std::vector<std::string>& compiled_for);

}  // namespace threadrunner::cli
