#include "kinds/upstream.h"

#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/random_secret.h"
#include "kinds/completed_work.h"
#include "kinds/model_plan.h"
#include "kinds/route_exchange.h"
#include "kinds/route_reply.h"
#include "kinds/route_request.h"
#include "kinds/upstream/http_address.h"
#include "kinds/upstream/server_command.h"
#include "kinds/upstream/server_key.h"
#include "kinds/upstream/server_process.h"

namespace threadrunner {
namespace {

constexpr std::size_t key_bytes = 16;  ///< of a server that we start

/// As the other kinds that answer llama-server's routes, with what only a server of its own needs:
/// which of its models, and that it is to count the tokens of a stream.
class UpstreamExchange : public Exchange {
public:
    UpstreamExchange(Work work, std::string model)
        : work_(std::move(work)), model_(std::move(model)), reply_(work_) {}

    [[nodiscard]] wire::Json request() const override {
        RouteRequest route = route_request(work_);
        if (!model_.empty()) {
            route.body["model"] = model_;
        }
        if (route.body.contains("messages")) {
            route.body["stream_options"] = {{"include_usage", true}};
        }
        return {{"op", "route"},
                {"method", "POST"},
                {"path", std::move(route.path)},
                {"body", std::move(route.body)}};
    }

    void receive(const wire::Json& frame, std::vector<Event>& out) override {
        reply_.receive(frame, out);
    }

private:
    Work work_;
    std::string model_;
    RouteReply reply_;
};

/// What a model has beside its file, in the server's words.
std::vector<std::string> server_arguments(const Target& target, const ModelPlan& plan) {
    std::vector<std::string> out;
    for (const model::Adapter& adapter : plan.adapters) {
        out.insert(out.end(),
                   {"--lora-scaled", adapter.path + ":" + wire::encode_json(adapter.scale)});
    }
    if (!plan.draft.empty()) {
        out.insert(out.end(), {"--model-draft", plan.draft});
    }
    const auto profile = profile_of(target);
    if (profile && !profile->load.chat_template.empty()) {
        out.insert(out.end(), {"--jinja", "--chat-template-file", profile->load.chat_template});
    }
    out.insert(out.end(), plan.engine_args.begin(), plan.engine_args.end());
    return out;
}

}  // namespace

Result<Target> UpstreamKind::resolve(const JobSpec& spec) const {
    if (!settings_.upstream_url.empty()) {
        auto address = parse_http_address(settings_.upstream_url);
        if (!address) {
            return std::unexpected(address.error());
        }
        return Target{.kind = "upstream", .name = address->url(), .profile = {}};
    }
    return resolve_model("upstream", spec, settings_, models_);
}

Result<LaunchPlan> UpstreamKind::plan(const Target& target) const {
    const bool adopts = target.name.starts_with("http://");
    return adopts ? plan_adoption() : plan_spawn(target);
}

Result<LaunchPlan> UpstreamKind::plan_adoption() const {
    auto key = configured_key(settings_);
    if (!key) {
        return std::unexpected(key.error());
    }
    return LaunchPlan{.command = {},
                      .load = wire::Json{{"url", settings_.upstream_url},
                                         {"key", *std::move(key)},
                                         {"slots", settings_.upstream_slots}},
                      .memory = {},
                      .device_limits = {},
                      .memory_detail = "nothing of ours"};
}

Result<LaunchPlan> UpstreamKind::plan_spawn(const Target& target) const {
    auto model = plan_model(target, settings_, limits::server_batch_tokens);
    if (!model) {
        return std::unexpected(model.error());
    }
    const auto pooling = model->facts.pooling.value_or(gguf::Pooling::none);
    const ServerOptions options{.model = target.name,
                                .gpu_layers = model->gpu_layers,
                                .context = model->context,
                                .threads = model->threads,
                                .slots = model->slots,
                                .cache_mib = model->cache_mib,
                                .embeds = model->embeds,
                                .pools = pooling != gguf::Pooling::none,
                                .more = server_arguments(target, *model)};
    auto key = random_secret(key_bytes);
    auto port = free_port();
    auto command = !key    ? std::unexpected(key.error())
                   : !port ? std::unexpected(port.error())
                           : server_command(settings_, options, *port, *key);
    if (!command) {
        return std::unexpected(command.error());
    }
    return LaunchPlan{.command = *std::move(command),
                      .load = wire::Json{{"url", "http://127.0.0.1:" + std::to_string(*port)},
                                         {"key", *key},
                                         {"slots", options.slots}},
                      .memory = std::move(model->memory),
                      .device_limits = {},
                      .memory_detail = std::move(model->memory_detail)};
}

Result<std::unique_ptr<Process>> UpstreamKind::start(const LaunchPlan& plan, const Spawner& spawner,
                                                     Process::Observer& observer) const {
    ServerProcess::Spawn spawn;
    if (!plan.command.program.empty()) {
        spawn = [&](Process::Observer& inner) { return spawner(plan.command, inner); };
    }
    return ServerProcess::start(executor_, settings_, spawn, observer);
}

RestartRules UpstreamKind::restart_rules(const Settings& settings) const {
    return {.wait_min = settings.upstream_restart,
            .wait_max = settings.upstream_restart,
            .refuse_for = settings.worker_failed,
            .crashes_until_failed = limits::upstream_crashes_until_failed,
            .forgiven_when_ready = true};
}

std::unique_ptr<Exchange> UpstreamKind::exchange(const Job& job) const {
    if (std::holds_alternative<work::Load>(job.spec.work)) {
        return nullptr;
    }
    const bool adopted = job.target.name.starts_with("http://");
    Work work = adopted ? job.spec.work : completed_work(job.spec, settings_, models_);
    if (std::holds_alternative<work::Route>(work)) {
        return route_exchange(std::move(work));
    }
    return std::make_unique<UpstreamExchange>(std::move(work), adopted ? job.spec.model : "");
}

}  // namespace threadrunner
