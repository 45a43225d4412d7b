#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// For those who watch: /events as things happen, /logs as it is written, and /metrics for
/// Prometheus.
[[nodiscard]] std::vector<Route> watching_routes();

}  // namespace threadrunner::http
