#pragma once

#include <optional>
#include <string>

namespace threadrunner {

/// Who the process at the other end of a Unix socket is, for fairness: its process session, as
/// "session:71". Nothing for another user's process, which no door serves.
[[nodiscard]] std::optional<std::string> peer_session(int fd);

}  // namespace threadrunner
