#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// Ollama's API, for clients that know no other. Requests become jobs of ours, and their events
/// answers of Ollama's shape: lines of JSON, unless a request says that it wants no stream.
[[nodiscard]] std::vector<Route> ollama_routes();

}  // namespace threadrunner::http
