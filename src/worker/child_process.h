#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "worker/process.h"

namespace threadrunner {

/// The Spawner of real child processes, with frames on their fd 3, and on their stdin and stdout
/// where the command says so. To be called from the main
/// thread only: PR_SET_PDEATHSIG fires when the thread that spawned ends, not the process. The
/// child gets SIGTERM when the daemon dies, no descriptor but 0 to 3, a process group of its own
/// (the terminal's Ctrl-C is not for it), a raised oom_score_adj, and no LISTEN_* in its
/// environment.
[[nodiscard]] Result<std::unique_ptr<Process>> spawn_child(boost::asio::io_context& loop,
                                                           const Command& command,
                                                           Process::Observer& observer);

}  // namespace threadrunner
