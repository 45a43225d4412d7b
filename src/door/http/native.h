#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// What is ThreadRunner's own: whether it is ready, and its jobs.
[[nodiscard]] std::vector<Route> native_routes();

}  // namespace threadrunner::http
