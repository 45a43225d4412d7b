#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/error.h"
#include "base/unique_fd.h"
#include "cli/daemon_address.h"

namespace threadrunner::cli {

/// A daemon that was started and may not be ready yet.
struct SpawnedDaemon {
    pid_t pid = -1;
    UniqueFd ready;  ///< where it writes its one line: `ready`, or `error CODE MESSAGE`
};

/// Starts `program --socket PATH --ready-fd N` as a process of its own: its session, its directory,
/// default signals, and none of our descriptors. The home must exist. Does not wait for it.
[[nodiscard]] Result<SpawnedDaemon> spawn_daemon(const std::filesystem::path& program,
                                                 const DaemonAddress& address);

}  // namespace threadrunner::cli
