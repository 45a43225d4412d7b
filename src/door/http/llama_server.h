#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// What llama-server has besides OpenAI's API, for its clients. Where a request has no body, its
/// query may name the model.
[[nodiscard]] std::vector<Route> llama_server_routes();

}  // namespace threadrunner::http
