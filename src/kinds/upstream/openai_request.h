#pragma once

#include <string>

#include "kinds/route_request.h"
#include "kinds/upstream/http_message.h"

namespace threadrunner {

/// A request in llama-server's terms as a plain OpenAI-compatible server understands it: without
/// what only llama-server knows, with `model` if the request names none. What cannot be said to
/// such a server (a bare prompt, a grammar, tokens) is not_supported.
[[nodiscard]] Result<RouteRequest> openai_request(RouteRequest request, const std::string& model);

/// A request that is passed through as it is, unless such a server has no such route:
/// not_supported.
[[nodiscard]] Result<HttpRequest> openai_request(HttpRequest request);

}  // namespace threadrunner
