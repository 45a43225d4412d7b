#include "engine/model_params.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/limits.h"
#include "chat.h"
#include "engine/engine_args.h"
#include "engine/llama_log.h"
#include "engine/scaffold.h"
#include "ggml-backend.h"

namespace threadrunner::engine {
namespace {

bool computes_on_gpu(const LoadSettings& settings) {
    return settings.gpu_layers != 0 && ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU);
}

/// Tokens a slot: llama.cpp never uses more than the model was trained for.
std::int32_t slot_context(const LoadSettings& settings, const gguf::ModelFacts& facts) {
    const std::uint64_t trained =
        facts.context_length > 0 ? facts.context_length : std::numeric_limits<std::uint64_t>::max();
    return static_cast<std::int32_t>(
        std::min(static_cast<std::uint64_t>(settings.context), trained));
}

/// An embedding is computed in one piece, so that the batch must hold the longest text.
void set_embedding_profile(common_params& params, std::int32_t context,
                           const gguf::ModelFacts& facts) {
    params.embedding = true;
    params.n_batch = params.n_ubatch = context;
    if (facts.pooling.value_or(gguf::Pooling::none) == gguf::Pooling::none) {
        params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    }
}

void set_profile(common_params& params, const LoadSettings& settings,
                 const gguf::ModelFacts& facts) {
    const std::int32_t context = slot_context(settings, facts);
    params.n_parallel = settings.slots;
    params.n_ctx = context * settings.slots;
    params.kv_unified = false;  // with it a neighbour's tokens would change an answer
    params.n_batch = params.n_ubatch =
        computes_on_gpu(settings) ? limits::gpu_batch_tokens : limits::cpu_batch_tokens;
    if (settings.embed) {
        set_embedding_profile(params, context, facts);
    }
    params.n_gpu_layers = settings.gpu_layers;
    params.cpuparams.n_threads = settings.threads;
    params.cpuparams.poll = 0;  // threads that `tune` put aside sleep rather than spin
    params.cpuparams_batch = params.cpuparams;
    params.cache_ram_mib = settings.cache_ram_mib;
    params.n_ctx_checkpoints = limits::checkpoints_per_slot;
    params.cache_idle_slots = settings.cache_ram_mib != 0;
    params.fit_params = false;  // the daemon has reserved what these settings cost
    params.warmup = false;
    params.endpoint_metrics = true;
    params.sse_ping_interval = -1;  // keeping a connection alive is the door's matter
}

void set_companions(common_params& params, const LoadSettings& settings) {
    for (const Adapter& adapter : settings.adapters) {
        params.lora_adapters.push_back({adapter.path, adapter.scale, "", "", nullptr});
    }
    if (!settings.draft.empty()) {
        params.speculative.draft.mparams.path = settings.draft;
        params.speculative.draft.n_gpu_layers = settings.gpu_layers;
        params.speculative.draft.cpuparams = params.cpuparams;
        params.speculative.draft.cpuparams_batch = params.cpuparams_batch;
        params.speculative.types = {COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE};
    }
}

Result<void> set_template(common_params& params, const LoadSettings& settings,
                          const gguf::ModelFacts& facts) {
    switch (template_origin(settings, facts)) {
        case TemplateOrigin::model:
            break;
        case TemplateOrigin::scaffold:
            params.chat_template = scaffold_template();
            params.prefill_assistant = false;         // the template does it itself
            params.force_pure_content_parser = true;  // which drops the blank before an answer
            break;
        case TemplateOrigin::given:
            params.chat_template = *settings.chat_template;
            if (!common_chat_verify_template(params.chat_template, params.use_jinja)) {
                return fail(ErrorCode::invalid_request,
                            "the chat template is refused by llama.cpp: " + take_llama_errors());
            }
    }
    return {};
}

}  // namespace

std::string_view template_origin_name(TemplateOrigin origin) {
    switch (origin) {
        case TemplateOrigin::model:
            return "model";
        case TemplateOrigin::scaffold:
            return "scaffold";
        case TemplateOrigin::given:
            break;
    }
    return "given";
}

TemplateOrigin template_origin(const LoadSettings& settings, const gguf::ModelFacts& facts) {
    if (settings.chat_template) {
        return TemplateOrigin::given;
    }
    return facts.has_chat_template ? TemplateOrigin::model : TemplateOrigin::scaffold;
}

Result<common_params> make_params(const LoadSettings& settings, const gguf::ModelFacts& facts) {
    if (!facts.causal && !settings.embed) {
        return fail(ErrorCode::invalid_request,
                    settings.path + " is an encoder: it makes embeddings and cannot write texts");
    }
    common_params params;
    params.model.path = settings.path;
    params.model_alias = {facts.name};  // what answers call it; else it would be the path
    set_profile(params, settings, facts);
    set_companions(params, settings);
    if (template_origin(settings, facts) == TemplateOrigin::scaffold) {
        params.sampling.temp = scaffold_temperature;
    }
    if (auto applied = apply_engine_args(settings.engine_args, params); !applied) {
        return std::unexpected(applied.error());
    }
    if (auto set = set_template(params, settings, facts); !set) {
        return std::unexpected(set.error());
    }
    return params;
}

}  // namespace threadrunner::engine
