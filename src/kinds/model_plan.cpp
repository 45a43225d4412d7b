#include "kinds/model_plan.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/small_file.h"
#include "base/text.h"
#include "base/words.h"
#include "gguf/memory_estimate.h"
#include "kinds/cores.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view embed_profile = "embed";
/// The program, its libraries and llama.cpp's tables, beyond what the estimate knows; seen: 60 MiB
/// of threadrunner-engine, 70 MiB of llama-server.
constexpr std::uint64_t process_bytes = 96 * limits::mib;

Result<std::string> read_template(const std::string& path) {
    std::error_code error;
    const auto bytes = fs::file_size(path, error);
    auto text =
        error || bytes > limits::template_file_bytes_max ? std::nullopt : read_small_file(path);
    if (!text || utf8_valid_prefix(*text) != text->size()) {
        return fail(ErrorCode::model_load_failed,
                    "cannot read the template " + path + ": it must be a text of at most " +
                        format_bytes(limits::template_file_bytes_max));
    }
    return *std::move(text);
}

Result<std::uint64_t> adapters_bytes(const std::vector<model::Adapter>& adapters) {
    std::uint64_t out = 0;
    for (const model::Adapter& adapter : adapters) {
        std::error_code error;
        const auto bytes = fs::file_size(adapter.path, error);
        if (error) {
            return fail(ErrorCode::model_load_failed,
                        "cannot read the adapter " + adapter.path + ": " + error.message());
        }
        out = gguf::saturating_add(out, bytes);
    }
    return out;
}

/// What is loaded beside the model: adapters, and the model that guesses ahead.
Result<gguf::MemoryEstimate> companions(const ModelPlan& plan, std::uint64_t batch) {
    gguf::MemoryEstimate out;
    if (!plan.draft.empty()) {
        const auto draft = gguf::check_model_file(plan.draft);
        if (!draft) {
            return std::unexpected(draft.error());
        }
        out = gguf::estimate_memory(draft->facts, plan.context, plan.slots, batch);
    }
    const auto adapters = adapters_bytes(plan.adapters);
    if (!adapters) {
        return std::unexpected(adapters.error());
    }
    out.weights_bytes = gguf::saturating_add(out.weights_bytes, *adapters);
    return out;
}

gguf::MemoryEstimate sum(const gguf::MemoryEstimate& a, const gguf::MemoryEstimate& b) {
    return {.weights_bytes = gguf::saturating_add(a.weights_bytes, b.weights_bytes),
            .kv_bytes = gguf::saturating_add(a.kv_bytes, b.kv_bytes),
            .compute_bytes = gguf::saturating_add(a.compute_bytes, b.compute_bytes)};
}

void apply(const ModelProfile& profile, const Settings& settings, ModelPlan& plan) {
    const model::LoadDefaults& load = profile.load;
    const std::uint64_t trained = plan.facts.context_length;
    const std::uint64_t context = load.context.value_or(settings.engine_context);
    plan.context = trained > 0 ? std::min(context, trained) : context;
    plan.embeds = profile.embeds;
    if (!plan.embeds) {
        plan.slots = load.slots.value_or(settings.engine_slots);
        plan.cache_mib = load.cache_mib.value_or(settings.engine_cache_mib);
        plan.draft = load.draft;
    }
    const std::uint64_t threads = load.threads.value_or(settings.engine_threads);
    plan.threads = threads > 0 ? threads : std::max<std::uint64_t>(1, physical_cores() - 1);
    plan.gpu_layers = load.gpu_layers.value_or(settings.engine_gpu_layers);
    plan.adapters = load.adapters;
    plan.engine_args = split_words(load.engine_args).value_or(std::vector<std::string>());
}

}  // namespace

Result<Target> resolve_model(std::string_view kind, const JobSpec& spec, const Settings& settings,
                             const model::Registry& models) {
    auto found = models.find(spec.model, settings.model);
    if (!found) {
        return std::unexpected(found.error());
    }
    std::string profile = model::load_text(found->defaults);
    const auto* route = std::get_if<work::Route>(&spec.work);
    const bool embeds =
        std::holds_alternative<work::Embed>(spec.work) || (route != nullptr && route->embeds);
    if (embeds) {
        profile = std::string(embed_profile) + (profile.empty() ? "" : " " + profile);
    }
    return Target{
        .kind = std::string(kind), .name = found->path.string(), .profile = std::move(profile)};
}

Result<ModelProfile> profile_of(const Target& target) {
    std::string_view text = target.profile;
    ModelProfile out{.embeds = text.substr(0, text.find(' ')) == embed_profile};
    if (out.embeds) {
        text.remove_prefix(embed_profile.size());
    }
    auto load = model::load_from(text);
    if (!load) {
        return std::unexpected(load.error());
    }
    out.load = *std::move(load);
    return out;
}

Result<ModelPlan> plan_model(const Target& target, const Settings& settings, std::uint64_t batch,
                             const std::vector<ComputeDevice>& devices) {
    const auto profile = profile_of(target);
    if (!profile) {
        return std::unexpected(profile.error());
    }
    auto file = gguf::check_model_file(target.name);
    if (!file) {
        return std::unexpected(file.error());
    }
    return plan_file(std::move(file->facts), *profile, settings, batch, devices);
}

Result<ModelPlan> plan_file(gguf::ModelFacts facts, const ModelProfile& profile,
                            const Settings& settings, std::uint64_t batch,
                            const std::vector<ComputeDevice>& devices) {
    ModelPlan plan{.facts = std::move(facts), .memory = {}, .memory_detail = {}};
    apply(profile, settings, plan);
    if (!profile.load.chat_template.empty()) {
        auto text = read_template(profile.load.chat_template);
        if (!text) {
            return std::unexpected(text.error());
        }
        plan.chat_template = *std::move(text);
    }
    // A vector is computed in one batch, which must hold the longest text.
    const std::uint64_t batch_tokens = plan.embeds ? plan.context : batch;
    const auto more = companions(plan, batch_tokens);
    if (!more) {
        return std::unexpected(more.error());
    }
    const auto memory =
        sum(gguf::estimate_memory(plan.facts, plan.context, plan.slots, batch_tokens), *more);
    const std::uint64_t extra = process_bytes + plan.cache_mib * limits::mib;
    plan.memory = place(memory, plan.facts.block_count, plan.gpu_layers, devices);
    std::uint64_t& host = plan.memory[std::string(host_device)];
    host = gguf::saturating_add(host, extra);
    plan.memory_detail = describe(memory, plan.slots, plan.context, extra);
    return plan;
}

}  // namespace threadrunner
