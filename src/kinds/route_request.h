#pragma once

#include <string>

#include "job/work.h"
#include "wire/decode.h"

namespace threadrunner {

/// A request in llama-server's terms, which engine, dummy and any llama-server understand.
struct RouteRequest {
    std::string path;
    /// Its "json_schema" is a text, for a Json would sort the members of a schema.
    wire::Json body;
};

/// The route that does this work; generation always streams. `work` must be neither work::Load,
/// which needs none, nor work::Route, which is one.
/// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
[[nodiscard]] RouteRequest route_request(const Work& work);

/// The body as it goes out, with the schema as its client wrote it.
[[nodiscard]] std::string body_text(const RouteRequest& request);

}  // namespace threadrunner
