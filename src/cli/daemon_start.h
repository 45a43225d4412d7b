#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/unique_fd.h"
#include "cli/daemon_address.h"

namespace threadrunner::cli {

/// Connects to the daemon and starts it if none runs. However many commands do this at once, one
/// daemon starts: whoever gets the start lock connects again before it spawns, the others wait for
/// the lock or the daemon, whichever comes first. `program` is the daemon's executable. It is given
/// `--socket PATH --ready-fd N` and writes one line to N: `ready`, or `error CODE MESSAGE`.
/// A start that fails is `unreachable`, with the last lines of the log; one that takes too long is
/// `timeout`, and the process is ended.
[[nodiscard]] Result<UniqueFd> connect_or_start(const DaemonAddress& address,
                                                const std::filesystem::path& program,
                                                Clock::time_point deadline);

}  // namespace threadrunner::cli
