#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// Sandboxed tools: which there are, and calls of them. They need a key on this machine, too: what
/// they may touch is not every local user's.
[[nodiscard]] std::vector<Route> tool_routes();

}  // namespace threadrunner::http
