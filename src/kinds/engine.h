#pragma once

#include "base/settings.h"
#include "kinds/engine_devices.h"
#include "model/registry.h"
#include "worker/kind.h"

namespace threadrunner {

/// A loaded model: threadrunner-engine around llama.cpp. One target a model file and way of loading
/// it, see ModelProfile.
class EngineKind : public Kind {
public:
    /// `settings` outlives the kind.
    EngineKind(const Settings& settings, model::Registry models)
        : settings_(settings), models_(std::move(models)) {}

    [[nodiscard]] std::string_view name() const override { return "engine"; }
    [[nodiscard]] std::string_view backend() const override { return "llama"; }
    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) const override;
    [[nodiscard]] Result<LaunchPlan> plan(const Target& target) const override;
    [[nodiscard]] std::unique_ptr<Exchange> exchange(const Job& job) const override;

private:
    const Settings& settings_;
    model::Registry models_;
    mutable EngineDevices devices_;  ///< for plan()
};

}  // namespace threadrunner
