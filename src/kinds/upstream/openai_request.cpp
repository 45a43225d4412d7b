#include "kinds/upstream/openai_request.h"

#include <utility>

namespace threadrunner {
namespace {

std::unexpected<Error> not_supported(const std::string& what) {
    return fail(ErrorCode::not_supported,
                "a plain OpenAI-compatible server " + what +
                    "; llama-server can (see upstream.url), and so can the backend llama");
}

/// The routes that llama-server has for itself.
bool is_of_llama_server(std::string_view path) { return !path.starts_with("/v1/"); }

}  // namespace

Result<HttpRequest> openai_request(HttpRequest request) {
    if (is_of_llama_server(request.path)) {
        return not_supported("has no " + request.path);
    }
    return request;
}

Result<RouteRequest> openai_request(RouteRequest request, const std::string& model) {
    wire::Json& body = request.body;
    if (request.path == "/completion") {
        return not_supported("takes messages, no bare prompt (raw)");
    }
    if (request.path == "/tokenize" || request.path == "/detokenize") {
        return not_supported("does not show its tokens");
    }
    if (body.contains("grammar")) {
        return not_supported("knows no grammars; it may know --schema");
    }
    for (const char* ours : {"return_progress", "cache_prompt"}) {
        body.erase(ours);
    }
    if (auto text = body.find("json_schema"); text != body.end()) {
        auto schema = wire::decode_json(text->get<std::string>());
        if (!schema) {
            return std::unexpected(schema.error());
        }
        body["response_format"] = {
            {"type", "json_schema"},
            {"json_schema",
             {{"name", "answer"}, {"strict", true}, {"schema", *std::move(schema)}}}};
        body.erase("json_schema");
    }
    if (!body.contains("model") && !model.empty()) {
        body["model"] = model;
    }
    return request;
}

}  // namespace threadrunner
