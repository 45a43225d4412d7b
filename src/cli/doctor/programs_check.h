#pragma once

#include <optional>
#include <string>

#include "base/paths.h"
#include "cli/doctor/finding.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// What our own programs say of themselves.
struct ProgramsFacts {
    std::string daemon_version;
    std::string daemon_fault;    ///< why it could not be asked
    std::string settings_fault;  ///< what the daemon has against its settings
    bool engine_installed = false;
    std::optional<wire::Json> engine;  ///< of threadrunner-engine --devices
    std::string engine_fault;
    int engine_signal = 0;  ///< that ended it
    bool sandbox_installed = false;
    std::optional<wire::Json> sandbox;  ///< of threadrunner-sandbox --confinement
    std::string sandbox_fault;
};

[[nodiscard]] ProgramsFacts look_at_programs(const Home& home);

/// `ours` is the command's version, `running` that of the daemon that runs, empty if none does.
[[nodiscard]] Findings judge_programs(const ProgramsFacts& facts, const std::string& ours,
                                      const std::string& running);

/// The sandbox, and what this kernel does to keep a tool in it.
[[nodiscard]] Findings judge_sandbox(const ProgramsFacts& facts, const std::string& ours);

/// The devices that the engine computes on.
[[nodiscard]] Findings judge_devices(const ProgramsFacts& facts);

}  // namespace threadrunner::cli
