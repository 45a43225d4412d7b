#include "door/http/ollama.h"

#include <memory>
#include <string>
#include <utility>

#include "base/version.h"
#include "base/words.h"
#include "door/http/ollama_answer.h"
#include "door/http/ollama_job.h"
#include "door/http/ollama_models.h"
#include "door/http/ollama_request.h"
#include "wire/fields.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;
using wire::Json;

/// The version of Ollama whose API this is: some clients want one that is new enough.
constexpr std::string_view ollama_version = "0.12.11";

using Read = Result<OllamaRequest> (*)(const Json& body, std::string_view text);
using MakeAnswer = std::unique_ptr<OllamaAnswer> (*)(std::string model, Clock::time_point asked);

JobSpec spec_of(const Call& call, const OllamaRequest& request) {
    const ModelAddress address = call.context.address_of(without_latest(request.model));
    JobSpec spec;
    spec.backend = address.backend;
    spec.model = address.model;
    spec.work = request.work;
    spec.owner = call.caller.owner;
    spec.keep_alive = request.keep_alive;
    spec.offers = request.offers;
    return spec;
}

/// Answers as Ollama does, also where nothing was loaded.
awaitable<void> unload(Call& call, const OllamaRequest& request, OllamaAnswer& answer) {
    const auto unloaded = call.context.control.unload(spec_of(call, request));
    if (!unloaded && unloaded.error().code != ErrorCode::not_found) {
        co_await call.refuse(unloaded.error());
        co_return;
    }
    Json out = answer.last({.result = Json::object()}, Clock::now());
    out["done_reason"] = "unload";
    co_await call.send(std::move(out));
}

/// The handler of a route that a model answers.
Handler asks_model(Read read, MakeAnswer make_answer) {
    return [read, make_answer](Call& call) -> awaitable<void> {
        const Clock::time_point asked = Clock::now();
        const auto body = co_await call.body();
        if (!body) {
            co_await call.refuse(body.error());
            co_return;
        }
        const auto request = read(*body, call.request.body);
        if (!request) {
            co_await call.refuse(request.error());
            co_return;
        }
        const auto allowed = may_offer(call.caller, request->offers);
        if (!allowed) {
            co_await call.refuse(allowed.error());
            co_return;
        }
        const auto answer = make_answer(request->model, asked);
        if (request->unloads()) {
            co_await unload(call, *request, *answer);
            co_return;
        }
        const bool loads = std::holds_alternative<work::Load>(request->work);
        JobSpec spec = spec_of(call, *request);
        co_await answer_with_job(call, std::move(spec), request->streams && !loads, *answer);
    };
}

/// HOST/OWNER/NAME is how these clients name a hub's repository; here it is the hub that is set,
/// whatever the host.
std::string pull_source(std::string_view name) {
    const std::size_t slash = name.find('/');
    const std::string_view host = name.substr(0, slash);
    const bool is_repository = slash != name.npos && host.find('.', 1) != host.npos &&
                               host.find(':') == host.npos &&
                               name.find('/', slash + 1) != name.npos;
    return is_repository ? "hf:" + without_latest(name.substr(slash + 1)) : without_latest(name);
}

awaitable<void> pull(Call& call) {
    const auto body = co_await call.body();
    const auto name = body ? read_ollama_name(*body) : std::unexpected(body.error());
    if (!name) {
        co_await call.refuse(name.error());
        co_return;
    }
    const auto stream = body->find("stream");
    const bool streams = stream == body->end() || *stream != false;
    JobSpec spec;
    spec.backend = "pull";
    spec.model = quote_word(pull_source(*name));
    spec.work = work::Load{};
    spec.owner = call.caller.owner;
    spec.keep_alive = std::chrono::milliseconds(0);
    const auto answer = ollama_pull_answer(Clock::now());
    co_await answer_with_job(call, std::move(spec), streams, *answer);
}

/// Answers with what `tell` makes of the document that an op on the models yields.
awaitable<void> answer_with_models(Call& call, ModelsOp op, Json (*tell)(const Json&)) {
    const auto document = co_await call.context.control.models(std::move(op));
    if (!document) {
        co_await call.refuse(document.error());
        co_return;
    }
    Json out = tell(*document);
    co_await call.send(std::move(out));
}

awaitable<void> tags(Call& call) {
    ModelsOp op = models_op::List();
    co_await answer_with_models(call, std::move(op), ollama_tags);
}

awaitable<void> ps(Call& call) {
    ModelsOp op = models_op::List();
    const auto models = co_await call.context.control.models(std::move(op));
    if (!models) {
        co_await call.refuse(models.error());
        co_return;
    }
    Json out = ollama_ps(call.context.control.ps(), *models, wall_now());
    co_await call.send(std::move(out));
}

Json nothing(const Json& /*document*/) { return Json::object(); }

ModelsOp show(std::string model) { return models_op::Show{.model = std::move(model)}; }

ModelsOp remove(std::string model) { return models_op::Remove{.model = std::move(model)}; }

/// The handler of a route whose body names a model.
Handler about_model(ModelsOp (*make_op)(std::string model), Json (*tell)(const Json&)) {
    return [make_op, tell](Call& call) -> awaitable<void> {
        const auto body = co_await call.body();
        const auto name = body ? read_ollama_name(*body) : std::unexpected(body.error());
        if (!name) {
            co_await call.refuse(name.error());
            co_return;
        }
        ModelsOp op = make_op(without_latest(*name));
        co_await answer_with_models(call, std::move(op), tell);
    };
}

/// Another name for a model, which is an alias here: no file is copied.
awaitable<void> copy(Call& call) {
    const auto body = co_await call.body();
    if (!body) {
        co_await call.refuse(body.error());
        co_return;
    }
    wire::Fields fields(*body, "the request");
    models_op::Alias alias{
        .model = without_latest(fields.required(fields.text("source"), "source")),
        .alias = without_latest(fields.required(fields.text("destination"), "destination"))};
    if (const auto read = fields.check(); !read) {
        co_await call.refuse(read.error());
        co_return;
    }
    ModelsOp op = std::move(alias);
    co_await answer_with_models(call, std::move(op), nothing);
}

awaitable<void> tell_version(Call& call) {
    Json out = {{"version", ollama_version}, {"threadrunner", version}};
    co_await call.send(std::move(out));
}

awaitable<void> refuse_making(Call& call) {
    Error error{.code = ErrorCode::not_supported,
                .message =
                    "models are not made from Modelfiles here, nor pushed: take a GGUF file "
                    "in by 'threadrunner models add FILE' and set its defaults by "
                    "'threadrunner models set'"};
    co_await call.refuse(std::move(error));
}

Route route(std::string_view method, std::string_view path, Handler handle,
            Access access = Access::open) {
    return {.method = method,
            .path = path,
            .access = access,
            .errors = ollama_errors(),
            .handle = std::move(handle)};
}

}  // namespace

std::vector<Route> ollama_routes() {
    return {
        route("POST", "/api/chat", asks_model(read_ollama_chat, ollama_chat_answer)),
        route("POST", "/api/generate", asks_model(read_ollama_generate, ollama_generate_answer)),
        route("POST", "/api/embed", asks_model(read_ollama_embed, ollama_embed_answer)),
        route("POST", "/api/embeddings",
              asks_model(read_ollama_embeddings, ollama_embeddings_answer)),
        route("GET", "/api/tags", tags),
        route("GET", "/api/ps", ps),
        route("GET", "/api/version", tell_version),
        route("POST", "/api/show", about_model(show, ollama_show)),
        route("POST", "/api/pull", pull, Access::key),
        route("DELETE", "/api/delete", about_model(remove, nothing), Access::key),
        route("POST", "/api/copy", copy, Access::key),
        route("POST", "/api/create", refuse_making),
        route("POST", "/api/push", refuse_making)};
}

}  // namespace threadrunner::http
