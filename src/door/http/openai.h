#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// OpenAI's API, as far as models that run here can answer it: a worker does, in llama-server's
/// way.
[[nodiscard]] std::vector<Route> openai_routes();

}  // namespace threadrunner::http
