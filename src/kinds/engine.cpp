#include "kinds/engine.h"

#include <utility>

#include "base/limits.h"
#include "base/paths.h"
#include "base/words.h"
#include "kinds/completed_work.h"
#include "kinds/model_plan.h"
#include "kinds/route_exchange.h"

namespace threadrunner {
namespace {

wire::Json load_frame(const Target& target, const Settings& settings, const ModelPlan& plan) {
    auto args = split_words(settings.engine_args).value_or(std::vector<std::string>());
    args.insert(args.end(), plan.engine_args.begin(), plan.engine_args.end());
    wire::Json out = {{"path", target.name},
                      {"context", plan.context},
                      {"slots", plan.slots},
                      {"threads", plan.threads},
                      {"gpu_layers", plan.gpu_layers},
                      {"embed", plan.embeds},
                      {"cache_ram_mib", plan.cache_mib},
                      {"engine_args", std::move(args)}};
    if (plan.chat_template) {
        out["chat_template"] = *plan.chat_template;
    }
    if (!plan.draft.empty()) {
        out["draft"] = plan.draft;
    }
    for (const model::Adapter& adapter : plan.adapters) {
        out["adapters"].push_back({{"path", adapter.path}, {"scale", adapter.scale}});
    }
    return out;
}

/// A load writes some 200 MB into fresh memory: glibc is to ask for huge pages (what the kernel's
/// setting leaves to programs), and to grow one heap in large steps rather than one a thread by
/// single pages. It waits a tenth less. glibc manual, "Memory Allocation Tunables"; other C
/// libraries do not read it, and who has set the variable knows better.
std::vector<std::string> engine_environment(const Settings& settings) {
    std::vector<std::string> out = {"THREADRUNNER_LOG=" + settings.log_filter};
    if (!environment("GLIBC_TUNABLES")) {
        out.emplace_back(
            "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:"
            "glibc.malloc.top_pad=33554432");
    }
    return out;
}

}  // namespace

Result<Target> EngineKind::resolve(const JobSpec& spec) const {
    return resolve_model("engine", spec, settings_, models_);
}

Result<LaunchPlan> EngineKind::plan(const Target& target) const {
    auto program = find_program("threadrunner-engine");
    if (!program) {
        return fail(ErrorCode::not_supported,
                    program.error().message +
                        "; this build has no engine, so it serves no models: "
                        "build with -DTHREADRUNNER_ENGINE=ON, or use THREADRUNNER_BACKEND=dummy");
    }
    const auto profile = profile_of(target);
    if (!profile) {
        return std::unexpected(profile.error());
    }
    static const std::vector<ComputeDevice> none;
    const std::uint64_t gpu_layers = profile->load.gpu_layers.value_or(settings_.engine_gpu_layers);
    const auto& devices = gpu_layers > 0 ? devices_.of(*program) : none;
    auto model = plan_model(target, settings_, limits::cpu_batch_tokens, devices);
    if (!model) {
        return std::unexpected(model.error());
    }
    return LaunchPlan{.command = {.program = *program,
                                  .arguments = {},
                                  .environment = engine_environment(settings_)},
                      .load = load_frame(target, settings_, *model),
                      .memory = std::move(model->memory),
                      .device_limits = device_limits(devices),
                      .memory_detail = std::move(model->memory_detail),
                      .threads = model->threads};
}

std::unique_ptr<Exchange> EngineKind::exchange(const Job& job) const {
    return route_exchange(completed_work(job.spec, settings_, models_));
}

}  // namespace threadrunner
