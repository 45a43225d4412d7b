#include "engine/model.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "engine/llama_log.h"
#include "engine/model_params.h"
#include "engine/request_body.h"
#include "engine/routes.h"
#include "engine/scaffold.h"
#include "gguf/model_file.h"
#include "llama.h"
#include "server-common.h"
#include "server-context.h"
#include "wire/usage.h"

namespace threadrunner::engine {

struct LlamaServer {
    explicit LlamaServer(common_params given) : params(std::move(given)) {}

    common_params params;  ///< the routes refer to it
    server_context context;
    std::optional<server_routes> routes;
    std::vector<std::string> default_stops;  ///< of the template

    StepCounter* steps = nullptr;
    std::atomic<std::int32_t> threads_wanted = 0;
    std::int32_t threads = 0;  ///< of the computing thread alone
    std::atomic<std::int64_t> tokens_held = -1;
};

namespace {

/// What llama.cpp's progress callback gets.
struct LoadSteps {
    const Model::LoadWatch& watch;
    StepCounter& steps;
    bool stopped = false;

    bool next(double fraction) {
        steps.fetch_add(1, std::memory_order_relaxed);
        stopped = stopped || !watch(fraction);
        return !stopped;
    }
};

bool on_load_step(float fraction, void* steps) {
    return static_cast<LoadSteps*>(steps)->next(fraction);
}

/// The tokens of all slots, each of which keeps its own from position 0 on.
std::int64_t count_tokens_held(const LlamaServer& server) {
    const llama_memory_t memory = llama_get_memory(server.context.get_llama_context());
    if (memory == nullptr || server.params.embedding) {
        return -1;
    }
    std::int64_t out = 0;
    for (llama_seq_id slot = 0; slot < server.params.n_parallel; ++slot) {
        out += llama_memory_seq_pos_max(memory, slot) + 1;  // -1 where there are none
    }
    return out;
}

/// Few enough that no batch's graph has fewer nodes.
constexpr std::uint64_t steps_a_count = 32;

/// ggml asks before every node of a graph whether to abort, on the computing thread: that is where
/// long batches show life, and where the threads of the next one can be set, and the tokens
/// counted, without a race.
bool on_compute_step(void* data) {
    auto& server = *static_cast<LlamaServer*>(data);
    if (server.steps->fetch_add(1, std::memory_order_relaxed) % steps_a_count == 0) {
        server.tokens_held.store(count_tokens_held(server), std::memory_order_relaxed);
    }
    const std::int32_t wanted = server.threads_wanted.load(std::memory_order_relaxed);
    if (wanted != server.threads) {
        server.threads = wanted;
        llama_set_n_threads(server.context.get_llama_context(), wanted, wanted);
    }
    return false;
}

void init_backends() {
    static std::once_flag once;
    std::call_once(once, [] { llama_backend_init(); });
}

std::unexpected<Error> load_cancelled() {
    return fail(ErrorCode::cancelled, "the load was cancelled");
}

Result<void> load_weights(LlamaServer& server, LoadSteps& steps) {
    if (!steps.next(0)) {
        return load_cancelled();
    }
    server.params.load_progress_callback = &on_load_step;
    server.params.load_progress_callback_user_data = &steps;
    bool loaded = false;
    std::string reason;
    try {
        loaded = server.context.load_model(server.params);
        reason = take_llama_errors();
    } catch (const std::exception& error) {
        reason = error.what();
    }
    // llama.cpp puts one of its own there, which is gone now
    server.params.load_progress_callback = nullptr;
    server.params.load_progress_callback_user_data = nullptr;
    if (steps.stopped || (loaded && !steps.next(1))) {
        return load_cancelled();
    }
    if (!loaded) {
        return fail(ErrorCode::model_load_failed,
                    server.params.model.path + " cannot be loaded: " +
                        (reason.empty() ? "llama.cpp gives no reason" : reason));
    }
    return {};
}

ModelMeta read_meta(const server_context& context, const gguf::ModelFacts& facts,
                    TemplateOrigin origin) {
    const server_context_meta meta = context.get_meta();
    return {.name = facts.name.empty() ? meta.model_name : facts.name,
            .architecture = facts.architecture,
            .quantization = facts.quantization,
            .template_origin = std::string(template_origin_name(origin)),
            .parameters = meta.model_n_params,
            .size_bytes = meta.model_size,
            .context = meta.slot_n_ctx,
            .context_trained = meta.model_n_ctx_train,
            .vocabulary = meta.model_vocab_n_tokens,
            .embedding_length = meta.model_n_embd_inp};
}

/// The request's body as the model is to see it.
Result<std::string> make_body(const Route& route, RouteSort sort, const LlamaServer& server) {
    BodyPlan plan;
    if (route.method == "GET") {
        return std::string();
    }
    if (sort != RouteSort::plain) {
        const std::int32_t slots = server.params.n_parallel;
        if (!route.slot || *route.slot < 0 || *route.slot >= slots) {
            return fail(ErrorCode::invalid_request,
                        route.path + " needs a slot from 0 to " + std::to_string(slots - 1));
        }
        plan.slot = route.slot;
        plan.answers = route.answers;
        plan.context = llama_n_ctx_seq(server.context.get_llama_context());
    }
    if (sort == RouteSort::chat || sort == RouteSort::messages) {
        plan.stop_member = sort == RouteSort::chat ? "stop" : "stop_sequences";
        plan.stops = server.default_stops;
    }
    return prepare_body(route.body, plan);
}

/// llama-server's answer to an exception of a handler.
server_http_res_ptr error_response(const std::string& message, error_type type) {
    const auto error = format_error_response(message, type);
    auto response = std::make_unique<server_http_res>();
    response->status = json_value(error, "code", 500);
    response->data = safe_json_to_str({{"error", error}});
    return response;
}

server_http_res_ptr call(const server_http_context::handler_t& handler,
                         const server_http_req& request) {
    try {
        return handler(request);
    } catch (const std::invalid_argument& error) {
        return error_response(error.what(), ERROR_TYPE_INVALID_REQUEST);
    } catch (const common_json_error& error) {  // a member of another type than is needed
        return error_response(error.what(), ERROR_TYPE_INVALID_REQUEST);
    } catch (const std::exception& error) {
        return error_response(error.what(), ERROR_TYPE_SERVER);
    }
}

void send(RouteSink& sink, wire::UsageReader& usage, std::string data) {
    if (!data.empty()) {
        usage.read(data);
        sink.body(std::move(data));
    }
}

RouteEnd forward(server_http_res& response, RouteSink& sink) {
    wire::UsageReader usage;
    sink.head(response.status, response.content_type);
    if (!response.is_stream()) {
        send(sink, usage, std::move(response.data));
    } else {
        for (bool more = true; more && !sink.stopped();) {
            std::string chunk;
            more = response.next(chunk);
            send(sink, usage, std::move(chunk));
        }
    }
    return {.cancelled = sink.stopped(), .usage = usage.usage(), .timings = usage.timings()};
}

}  // namespace

Model::Model(std::unique_ptr<LlamaServer> server, ModelMeta meta)
    : server_(std::move(server)), meta_(std::move(meta)) {}

Model::~Model() = default;

Result<std::unique_ptr<Model>> Model::load(const LoadSettings& settings, const LoadWatch& watch,
                                           StepCounter& steps) {
    const auto file = gguf::check_model_file(settings.path);
    if (!file) {
        return std::unexpected(file.error());
    }
    init_backends();
    (void)take_llama_errors();
    auto params = make_params(settings, file->facts);
    if (!params) {
        return std::unexpected(params.error());
    }
    LoadSteps load_steps{.watch = watch, .steps = steps};
    auto server = std::make_unique<LlamaServer>(std::move(*params));
    if (auto loaded = load_weights(*server, load_steps); !loaded) {
        return std::unexpected(loaded.error());
    }
    server->routes.emplace(server->params, server->context);
    server->routes->update_meta(server->context);
    server->steps = &steps;
    server->threads_wanted = server->threads = settings.threads;
    llama_set_abort_callback(server->context.get_llama_context(), &on_compute_step, server.get());
    const TemplateOrigin origin = template_origin(settings, file->facts);
    if (origin == TemplateOrigin::scaffold) {
        server->default_stops = scaffold_stops();
    }
    ModelMeta meta = read_meta(server->context, file->facts, origin);
    return std::unique_ptr<Model>(new Model(std::move(server), std::move(meta)));
}

void Model::set_threads(std::int32_t threads) { server_->threads_wanted = threads; }

std::optional<ContextUse> Model::context_use() const {
    const std::int64_t used = server_->tokens_held.load(std::memory_order_relaxed);
    return used < 0 ? std::nullopt
                    : std::optional(ContextUse{
                          .used = used, .total = meta_.context * server_->params.n_parallel});
}

void Model::compute() { server_->context.start_loop(); }

void Model::stop() { server_->context.terminate(); }

Result<RouteEnd> Model::run(const Route& route, RouteSink& sink) {
    const auto entry = find_route(route.method, route.path);
    if (!entry) {
        return std::unexpected(entry.error());
    }
    auto body = make_body(route, (*entry)->sort, *server_);
    if (!body) {
        return std::unexpected(body.error());
    }
    const std::function<bool()> should_stop = [&sink] { return sink.stopped(); };
    const server_http_req request{
        .path = route.path, .body = std::move(*body), .should_stop = should_stop};
    // the response refers to the request, and its end cancels what it left in the queue
    const server_http_res_ptr response = call((*server_->routes).*(*entry)->handler, request);
    if (sink.stopped()) {
        return RouteEnd{.cancelled = true};
    }
    return forward(*response, sink);
}

}  // namespace threadrunner::engine
