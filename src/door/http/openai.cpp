#include "door/http/openai.h"

#include <cstdint>
#include <string>
#include <utility>

#include "base/wall_time.h"
#include "door/http/passage.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;
using wire::Json;

/// https://platform.openai.com/docs/api-reference/models, and what we know besides. Anthropic's
/// clients ask at the same place, so it is one of their objects, too:
/// https://docs.anthropic.com/en/api/models-list
Json model_object(const Json& model) {
    Json out = {{"id", model.at("name")},
                {"object", "model"},
                {"created", model.value("modified", std::int64_t{0})},
                {"owned_by", "local"},
                {"type", "model"},
                {"display_name", model.at("name")},
                {"created_at", rfc3339(wall_time(model.value("modified", std::int64_t{0})))}};
    for (const char* more : {"default", "bytes", "quantization", "context", "error"}) {
        if (model.contains(more)) {
            out[more] = model.at(more);
        }
    }
    return out;
}

awaitable<void> list_models(Call& call) {
    ModelsOp op = models_op::List();
    auto listing = co_await call.context.control.models(std::move(op));
    if (!listing) {
        co_await call.refuse(std::move(listing.error()));
        co_return;
    }
    Json data = Json::array();
    for (const Json& model : listing->at("models")) {
        data.push_back(model_object(model));
    }
    const bool none = data.empty();
    Json out = {{"object", "list"},
                {"has_more", false},
                {"first_id", none ? Json() : data.front().at("id")},
                {"last_id", none ? Json() : data.back().at("id")},
                {"data", std::move(data)}};
    co_await call.send(std::move(out));
}

awaitable<void> show_model(Call& call) {
    ModelsOp op = models_op::Show{.model = call.argument};
    auto model = co_await call.context.control.models(std::move(op));
    if (!model) {
        co_await call.refuse(std::move(model.error()));
        co_return;
    }
    co_await call.send(model_object(*model));
}

Route passed(std::string_view path, bool embeds = false) {
    return {.method = "POST",
            .path = path,
            .errors = openai_errors(),
            .handle = pass_to_worker({.path = std::string(path), .embeds = embeds})};
}

}  // namespace

std::vector<Route> openai_routes() {
    constexpr bool embeds = true;
    return {
        {.method = "GET", .path = "/v1/models", .errors = openai_errors(), .handle = list_models},
        {.method = "GET",
         .path = "/v1/models/{id}",
         .errors = openai_errors(),
         .handle = show_model},
        passed("/v1/chat/completions"),
        passed("/v1/completions"),
        passed("/v1/responses"),
        passed("/v1/embeddings", embeds),
        passed("/v1/rerank", embeds)};
}

}  // namespace threadrunner::http
