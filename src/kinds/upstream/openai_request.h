#pragma once

#include <string>

#include "kinds/route_request.h"

namespace threadrunner {

/// A request in llama-server's terms as a plain OpenAI-compatible server understands it: without
/// what only llama-server knows, with `model` if the request names none. What cannot be said to
/// such a server (a bare prompt, a grammar, tokens) is not_supported.
[[nodiscard]] Result<RouteRequest> openai_request(RouteRequest request, const std::string& model);

}  // namespace threadrunner
