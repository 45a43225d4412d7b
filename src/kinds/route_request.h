#pragma once

#include <string>

#include "job/work.h"
#include "wire/decode.h"

namespace threadrunner {

/// A request in llama-server's terms, which engine, dummy and any llama-server understand.
struct RouteRequest {
    std::string path;
    wire::Json body;
};

/// The route that does this work; generation always streams. `work` must not be work::Load, which
/// needs none. https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
[[nodiscard]] RouteRequest route_request(const Work& work);

}  // namespace threadrunner
