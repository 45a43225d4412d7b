#include "engine/model_threads.h"

#include <exception>
#include <utility>

#include "base/limits.h"

namespace threadrunner::engine {
namespace {

using wire::Json;

Json meta_json(const ModelMeta& meta) {
    return {{"name", meta.name},
            {"architecture", meta.architecture},
            {"quantization", meta.quantization},
            {"template", meta.template_origin},
            {"parameters", meta.parameters},
            {"size_bytes", meta.size_bytes},
            {"context", meta.context},
            {"context_trained", meta.context_trained},
            {"vocabulary", meta.vocabulary},
            {"embedding_length", meta.embedding_length}};
}

}  // namespace

ModelThreads::ModelThreads(FrameWriter& writer, JobQueue& jobs, StepCounter& steps,
                           std::function<void()> on_idle)
    : writer_(writer), jobs_(jobs), steps_(steps), on_idle_(std::move(on_idle)) {}

Result<void> ModelThreads::load(std::int64_t id, LoadSettings settings) {
    if (state_ != State::empty) {
        return fail(ErrorCode::conflict,
                    "this engine has a model; start another for another model");
    }
    if (compute_thread_.joinable()) {
        compute_thread_.join();  // of a load that failed
    }
    load_id_ = id;
    load_cancelled_ = false;
    load_reported_ = {};
    state_ = State::loading;
    compute_thread_ =
        std::thread([this, settings = std::move(settings)] { load_and_compute(settings); });
    return {};
}

Result<void> ModelThreads::tune(std::int32_t threads) {
    if (!ready()) {
        return fail(ErrorCode::conflict, "this engine has no model loaded");
    }
    model_->set_threads(threads);
    return {};
}

void ModelThreads::cancel_load(std::int64_t id) {
    if (loading() && id == load_id_) {
        load_cancelled_ = true;
    }
}

void ModelThreads::load_and_compute(const LoadSettings& settings) {
    auto model =
        Model::load(settings, [this](double fraction) { return report_load(fraction); }, steps_);
    if (!model) {
        end_load(model.error());
        return;
    }
    model_ = std::move(*model);
    for (std::int32_t slot = 0; slot < settings.slots; ++slot) {
        slot_threads_.emplace_back([this] { serve_slot(); });
    }
    state_ = State::ready;
    writer_.send({{"ev", "done"},
                  {"id", load_id_},
                  {"meta", meta_json(model_->meta())},
                  {"slots", settings.slots}});
    on_idle_();
    model_->compute();
}

bool ModelThreads::report_load(double fraction) {
    const auto now = std::chrono::steady_clock::now();
    if (now - load_reported_ >= limits::load_event_every) {
        load_reported_ = now;
        writer_.send(
            {{"ev", "load"}, {"id", load_id_}, {"stage", "model"}, {"fraction", fraction}});
    }
    return !load_cancelled_;
}

void ModelThreads::end_load(const Error& error) {
    const std::int64_t id = load_id_;
    state_ = State::empty;
    if (error.code == ErrorCode::cancelled) {
        writer_.send({{"ev", "done"}, {"id", id}, {"reason", "cancelled"}});
    } else {
        send_error(writer_, id, error);
    }
    on_idle_();
}

void ModelThreads::serve_slot() {
    while (true) {
        RouteJob& job = jobs_.next();
        Result<RouteEnd> end = RouteEnd{.cancelled = true};
        try {
            if (!job.stopped()) {
                end = model_->run(job.route(), job);
            }
        } catch (const std::exception& error) {
            end = fail(ErrorCode::internal, std::string("the engine failed: ") + error.what());
        }
        steps_.fetch_add(1, std::memory_order_relaxed);
        jobs_.finish(job, end);
        on_idle_();
    }
}

}  // namespace threadrunner::engine
