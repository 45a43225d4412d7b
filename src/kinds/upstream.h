#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "base/settings.h"
#include "model/registry.h"
#include "worker/kind.h"

namespace threadrunner {

/// A llama-server, or another OpenAI-compatible server: one that we start for a model file, with a
/// random port and key of its own, or, where settings.upstream_url names one, a server that runs
/// already, whose models are its own affair.
class UpstreamKind : public Kind {
public:
    /// `settings` outlives the kind; the requests run on `executor`.
    UpstreamKind(boost::asio::any_io_executor executor, const Settings& settings,
                 model::Registry models)
        : executor_(std::move(executor)), settings_(settings), models_(std::move(models)) {}

    [[nodiscard]] std::string_view name() const override { return "upstream"; }
    [[nodiscard]] std::string_view backend() const override { return "upstream"; }
    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) const override;
    [[nodiscard]] Result<LaunchPlan> plan(const Target& target) const override;
    [[nodiscard]] Result<std::unique_ptr<Process>> start(
        const LaunchPlan& plan, const Spawner& spawner, Process::Observer& observer) const override;
    [[nodiscard]] RestartRules restart_rules(const Settings& settings) const override;
    [[nodiscard]] std::unique_ptr<Exchange> exchange(const Job& job) const override;

private:
    [[nodiscard]] Result<LaunchPlan> plan_adoption() const;
    [[nodiscard]] Result<LaunchPlan> plan_spawn(const Target& target) const;

    boost::asio::any_io_executor executor_;
    const Settings& settings_;
    model::Registry models_;
};

}  // namespace threadrunner
