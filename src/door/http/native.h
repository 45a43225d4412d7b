#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// What is ThreadRunner's own: whether it is ready, its jobs, workers and models, and the
/// description of these routes.
[[nodiscard]] std::vector<Route> native_routes();

}  // namespace threadrunner::http
