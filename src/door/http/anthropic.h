#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// Anthropic's API, as far as models that run here can answer it: a worker does, in llama-server's
/// way.
[[nodiscard]] std::vector<Route> anthropic_routes();

/// {"type":"error","error":{"type","message"}}, with the statuses that its clients know.
[[nodiscard]] const ErrorShape& anthropic_errors();

}  // namespace threadrunner::http
