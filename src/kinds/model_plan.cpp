#include "kinds/model_plan.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "gguf/memory_estimate.h"
#include "gguf/model_file.h"
#include "kinds/cores.h"

namespace threadrunner {
namespace {

constexpr std::string_view embed_profile = "embed";
/// The program, its libraries and llama.cpp's tables, beyond what the estimate knows; seen: 60 MiB
/// of threadrunner-engine, 70 MiB of llama-server.
constexpr std::uint64_t process_bytes = 96 * limits::mib;

}  // namespace

Result<Target> resolve_model(std::string_view kind, const JobSpec& spec, const Settings& settings,
                             const ModelFolder& models) {
    auto path = models.find(spec.model.empty() ? settings.model : spec.model);
    if (!path) {
        return std::unexpected(path.error());
    }
    const auto* route = std::get_if<work::Route>(&spec.work);
    const bool embeds =
        std::holds_alternative<work::Embed>(spec.work) || (route != nullptr && route->embeds);
    return Target{.kind = std::string(kind),
                  .name = path->string(),
                  .profile = std::string(embeds ? embed_profile : "")};
}

Result<ModelPlan> plan_model(const Target& target, const Settings& settings, std::uint64_t batch,
                             const std::vector<ComputeDevice>& devices) {
    auto file = gguf::check_model_file(target.name);
    if (!file) {
        return std::unexpected(file.error());
    }
    ModelPlan plan{.facts = std::move(file->facts), .memory = {}, .memory_detail = {}};
    const std::uint64_t trained = plan.facts.context_length;
    plan.context =
        trained > 0 ? std::min(settings.engine_context, trained) : settings.engine_context;
    plan.embeds = target.profile == embed_profile;
    if (!plan.embeds) {
        plan.slots = settings.engine_slots;
        plan.cache_mib = settings.engine_cache_mib;
    }
    plan.threads = settings.engine_threads > 0 ? settings.engine_threads
                                               : std::max<std::uint64_t>(1, physical_cores() - 1);
    // A vector is computed in one batch, which must hold the longest text.
    const auto memory = gguf::estimate_memory(plan.facts, plan.context, plan.slots,
                                              plan.embeds ? plan.context : batch);
    const std::uint64_t extra = process_bytes + plan.cache_mib * limits::mib;
    plan.memory = place(memory, plan.facts.block_count, settings.engine_gpu_layers, devices);
    std::uint64_t& host = plan.memory[std::string(host_device)];
    host = gguf::saturating_add(host, extra);
    plan.memory_detail = describe(memory, plan.slots, plan.context, extra);
    return plan;
}

}  // namespace threadrunner
