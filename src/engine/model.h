#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "engine/route.h"
#include "engine/settings.h"

namespace threadrunner::engine {

struct LlamaServer;  // llama.cpp's part of a model

/// What a loaded model is.
struct ModelMeta {
    std::string name;
    std::string architecture;
    std::string quantization;
    std::string template_origin;  ///< "model", "scaffold" or "given"
    std::uint64_t parameters = 0;
    std::uint64_t size_bytes = 0;
    std::int64_t context = 0;  ///< tokens a slot
    std::int64_t context_trained = 0;
    std::int64_t vocabulary = 0;
    std::int64_t embedding_length = 0;
};

/// Grows with every step of loading and computing, on whatever thread: who watches it learns that
/// work goes on, not how much is left.
using StepCounter = std::atomic<std::uint64_t>;

/// Tokens that the slots' contexts hold, warm ones of answers that have ended included, of how many
/// they can hold.
struct ContextUse {
    std::int64_t used = 0;
    std::int64_t total = 0;
};

/// A model on llama.cpp's server-context. One a process: llama.cpp's log and back ends are global.
///
/// Threads: one is given to compute() for the model's life; any number may be in run() at once,
/// each blocked until its route has ended. They share the slots as their routes say. What goes
/// wrong inside ggml may end the process.
class Model {
public:
    /// Asked at every step, with a fraction from 0 to 1; false stops the load, which then fails
    /// with `cancelled`.
    using LoadWatch = std::function<bool(double fraction)>;

    /// Loads and blocks until then. `steps` must outlive the model. model_load_failed quotes
    /// llama.cpp's log; invalid_request for settings that it does not take.
    [[nodiscard]] static Result<std::unique_ptr<Model>> load(const LoadSettings& settings,
                                                             const LoadWatch& watch,
                                                             StepCounter& steps);
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    ~Model();

    [[nodiscard]] const ModelMeta& meta() const { return meta_; }

    /// Computes with so many threads from the next batch on. For any thread.
    void set_threads(std::int32_t threads);

    /// As of the last batch; nothing before the first one, and where it cannot be told: with
    /// vectors, whose contexts hold nothing for long, and with no part of the model on the
    /// processor. For any thread.
    [[nodiscard]] std::optional<ContextUse> context_use() const;

    /// Computes for the routes until stop().
    void compute();
    /// Ends compute(), which must have begun. No route may be running: none would ever end.
    void stop();

    /// Runs a route to its end. Faults of the request that llama-server would answer with a
    /// document (a prompt longer than the context, say) are such documents, with its status; errors
    /// are those of the routing: not_found, invalid_request, not_supported.
    [[nodiscard]] Result<RouteEnd> run(const Route& route, RouteSink& sink);

private:
    Model(std::unique_ptr<LlamaServer> server, ModelMeta meta);

    std::unique_ptr<LlamaServer> server_;
    ModelMeta meta_;
};

}  // namespace threadrunner::engine
