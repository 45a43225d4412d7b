#include "kinds/engine.h"

#include <algorithm>
#include <variant>

#include "base/limits.h"
#include "base/paths.h"
#include "base/text.h"
#include "gguf/memory_estimate.h"
#include "gguf/model_file.h"
#include "kinds/cores.h"
#include "kinds/placement.h"
#include "kinds/route_exchange.h"

namespace threadrunner {
namespace {

constexpr std::string_view embed_profile = "embed";
/// One prompt at a time: an embedding context computes a whole prompt in one batch.
constexpr std::uint64_t embed_slots = 1;
/// The program, its libraries and llama.cpp's tables, beyond what the estimate knows; seen: 60 MiB.
constexpr std::uint64_t process_bytes = 96 * limits::mib;

}  // namespace

Result<Target> EngineKind::resolve(const JobSpec& spec) const {
    auto path = models_.find(spec.model.empty() ? settings_.model : spec.model);
    if (!path) {
        return std::unexpected(path.error());
    }
    const bool embeds = std::holds_alternative<work::Embed>(spec.work);
    return Target{.kind = "engine",
                  .name = path->string(),
                  .profile = std::string(embeds ? embed_profile : "")};
}

Result<LaunchPlan> EngineKind::plan(const Target& target) const {
    auto program = find_program("threadrunner-engine");
    if (!program) {
        return fail(ErrorCode::not_supported,
                    program.error().message +
                        "; this build has no engine, so it serves no models: "
                        "build with -DTHREADRUNNER_ENGINE=ON, or use THREADRUNNER_BACKEND=dummy");
    }
    auto file = gguf::check_model_file(target.name);
    if (!file) {
        return std::unexpected(file.error());
    }
    const bool embeds = target.profile == embed_profile;
    const std::uint64_t trained = file->facts.context_length;
    const std::uint64_t context =
        trained > 0 ? std::min(settings_.engine_context, trained) : settings_.engine_context;
    const std::uint64_t slots = embeds ? embed_slots : settings_.engine_slots;
    const std::uint64_t cache_mib = embeds ? 0 : settings_.engine_cache_mib;
    const std::uint64_t threads = settings_.engine_threads > 0
                                      ? settings_.engine_threads
                                      : std::max<std::uint64_t>(1, physical_cores() - 1);
    // A vector is computed in one batch, which must hold the longest text.
    const std::uint64_t batch = embeds ? context : limits::cpu_batch_tokens;
    const auto memory = gguf::estimate_memory(file->facts, context, slots, batch);
    const std::uint64_t extra = process_bytes + cache_mib * limits::mib;
    return LaunchPlan{
        .command = {.program = *program, .arguments = {}},
        .load = wire::Json{{"path", target.name},
                           {"context", context},
                           {"slots", slots},
                           {"threads", threads},
                           {"gpu_layers", settings_.engine_gpu_layers},
                           {"embed", embeds},
                           {"cache_ram_mib", cache_mib},
                           {"engine_args", wire::Json::array()}},
        .memory = {{std::string(host_device), gguf::saturating_add(memory.total_bytes(), extra)}},
        .device_limits = {},
        .memory_detail = describe(memory, slots, context, extra),
        .threads = threads};
}

std::unique_ptr<Exchange> EngineKind::exchange(const Job& job) const { return route_exchange(job); }

}  // namespace threadrunner
