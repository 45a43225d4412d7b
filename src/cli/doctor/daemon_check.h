#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/doctor/finding.h"
#include "cli/progress.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// What the daemon says, if there is one.
struct DaemonFacts {
    enum class State : std::uint8_t {
        absent,   ///< nobody listens
        answers,  ///< with its status
        silent,   ///< somebody listens and does not answer
        refused,  ///< we may not connect
    };
    State state = State::absent;
    wire::Json status = wire::Json::object();
    std::string fault;  ///< why there is no status
};

/// Asks a daemon that runs; starts none.
[[nodiscard]] DaemonFacts look_at_daemon(const std::filesystem::path& socket,
                                         Clock::time_point deadline);

[[nodiscard]] Findings judge_daemon(const DaemonFacts& facts);

}  // namespace threadrunner::cli
