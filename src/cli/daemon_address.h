#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/paths.h"
#include "base/unique_fd.h"
#include "cli/invocation.h"
#include "cli/progress.h"

namespace threadrunner::cli {

/// Where the daemon of this command is, or would be. Both paths are absolute.
struct DaemonAddress {
    Home home;
    std::filesystem::path socket;
};

/// From --home and --socket, else the environment, else the defaults.
[[nodiscard]] Result<DaemonAddress> find_daemon_address(const Options& options);

/// Connects, with a non-blocking descriptor. Empty when nobody listens there; `timeout` when
/// somebody does but has no room for us until the deadline; `unreachable` when it is forbidden.
[[nodiscard]] Result<UniqueFd> connect_running(const std::filesystem::path& socket,
                                               Clock::time_point deadline);

}  // namespace threadrunner::cli
