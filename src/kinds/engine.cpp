#include "kinds/engine.h"

#include <utility>

#include "base/limits.h"
#include "base/paths.h"
#include "base/words.h"
#include "kinds/model_plan.h"
#include "kinds/route_exchange.h"

namespace threadrunner {
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
    static const std::vector<ComputeDevice> none;
    const auto& devices = settings_.engine_gpu_layers > 0 ? devices_.of(*program) : none;
    auto model = plan_model(target, settings_, limits::cpu_batch_tokens, devices);
    if (!model) {
        return std::unexpected(model.error());
    }
    const auto args = split_words(settings_.engine_args).value_or(std::vector<std::string>());
    return LaunchPlan{.command = {.program = *program,
                                  .arguments = {},
                                  .environment = {"THREADRUNNER_LOG=" + settings_.log_filter}},
                      .load = wire::Json{{"path", target.name},
                                         {"context", model->context},
                                         {"slots", model->slots},
                                         {"threads", model->threads},
                                         {"gpu_layers", settings_.engine_gpu_layers},
                                         {"embed", model->embeds},
                                         {"cache_ram_mib", model->cache_mib},
                                         {"engine_args", args}},
                      .memory = std::move(model->memory),
                      .device_limits = device_limits(devices),
                      .memory_detail = std::move(model->memory_detail),
                      .threads = model->threads};
}

std::unique_ptr<Exchange> EngineKind::exchange(const Job& job) const { return route_exchange(job); }

}  // namespace threadrunner
