#pragma once

#include <optional>
#include <string>

namespace threadrunner {

/// Who the process at the other end of a Unix socket is, for fairness: its process session, as
/// "session:71". Nothing for another user's process, which no door serves.
[[nodiscard]] std::optional<std::string> peer_session(int fd);

/// Whether the other end of a TCP connection within this machine belongs to a process of our own
/// user, as the kernel's table of sockets has it (sock_diag(7)). False where it cannot be told.
[[nodiscard]] bool peer_is_own_user(int fd);

}  // namespace threadrunner
