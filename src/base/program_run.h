#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace threadrunner {

/// How a program ended.
struct ProgramRun {
    int exit_code = -1;  ///< -1: a signal
    int signal = 0;
    std::string out;  ///< at most a MiB, as of err
    std::string err;
};

/// Runs a program of ours to its end, without input. `timeout` when it has not ended by then; it is
/// killed.
[[nodiscard]] Result<ProgramRun> run_program(const std::filesystem::path& program,
                                             std::vector<std::string> arguments,
                                             std::vector<std::string> variables,
                                             std::chrono::milliseconds within);

}  // namespace threadrunner
