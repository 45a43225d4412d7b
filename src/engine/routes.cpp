#include "engine/routes.h"

#include <array>
#include <string>

namespace threadrunner::engine {
namespace {

using enum RouteSort;
using Routes = server_routes;

constexpr std::array table = {
    RouteEntry{"POST", "/completion", &Routes::post_completions, text},
    RouteEntry{"POST", "/completions", &Routes::post_completions, text},
    RouteEntry{"POST", "/v1/completions", &Routes::post_completions_oai, text},
    RouteEntry{"POST", "/infill", &Routes::post_infill, text},
    RouteEntry{"POST", "/chat/completions", &Routes::post_chat_completions, chat},
    RouteEntry{"POST", "/v1/chat/completions", &Routes::post_chat_completions, chat},
    RouteEntry{"POST", "/responses", &Routes::post_responses_oai, chat},
    RouteEntry{"POST", "/v1/responses", &Routes::post_responses_oai, chat},
    RouteEntry{"POST", "/v1/messages", &Routes::post_anthropic_messages, messages},

    RouteEntry{"POST", "/embedding", &Routes::post_embeddings, plain},
    RouteEntry{"POST", "/embeddings", &Routes::post_embeddings, plain},
    RouteEntry{"POST", "/v1/embeddings", &Routes::post_embeddings_oai, plain},
    RouteEntry{"POST", "/rerank", &Routes::post_rerank, plain},
    RouteEntry{"POST", "/reranking", &Routes::post_rerank, plain},
    RouteEntry{"POST", "/v1/rerank", &Routes::post_rerank, plain},
    RouteEntry{"POST", "/v1/reranking", &Routes::post_rerank, plain},

    RouteEntry{"POST", "/tokenize", &Routes::post_tokenize, plain},
    RouteEntry{"POST", "/detokenize", &Routes::post_detokenize, plain},
    RouteEntry{"POST", "/apply-template", &Routes::post_apply_template, plain},
    RouteEntry{"POST", "/chat/completions/input_tokens", &Routes::post_chat_completions_tok, plain},
    RouteEntry{"POST", "/v1/chat/completions/input_tokens", &Routes::post_chat_completions_tok,
               plain},
    RouteEntry{"POST", "/responses/input_tokens", &Routes::post_responses_tok_oai, plain},
    RouteEntry{"POST", "/v1/responses/input_tokens", &Routes::post_responses_tok_oai, plain},
    RouteEntry{"POST", "/v1/messages/count_tokens", &Routes::post_anthropic_count_tokens, plain},
    RouteEntry{"POST", "/v1/chat/completions/control", &Routes::post_control, plain},

    RouteEntry{"GET", "/health", &Routes::get_health, plain},
    RouteEntry{"GET", "/props", &Routes::get_props, plain},
    RouteEntry{"GET", "/slots", &Routes::get_slots, plain},
    RouteEntry{"GET", "/metrics", &Routes::get_metrics, plain},
    RouteEntry{"GET", "/models", &Routes::get_models, plain},
    RouteEntry{"GET", "/v1/models", &Routes::get_models, plain},
};

}  // namespace

Result<const RouteEntry*> find_route(std::string_view method, std::string_view path) {
    const RouteEntry* same_path = nullptr;
    for (const RouteEntry& entry : table) {
        if (entry.path == path) {
            same_path = &entry;
            if (entry.method == method) {
                return &entry;
            }
        }
    }
    return fail(
        ErrorCode::not_found,
        "the engine has no route " + std::string(method) + " " + std::string(path) +
            (same_path != nullptr ? "; it has " + std::string(same_path->method) + " there" : ""));
}

}  // namespace threadrunner::engine
