#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/settings.h"
#include "gguf/model_file.h"
#include "job/job.h"
#include "kinds/placement.h"
#include "model/registry.h"
#include "worker/budget.h"

namespace threadrunner {

/// How a file is loaded, as the profile of its target says: vectors come from workers of their own,
/// because a context either generates or embeds; so do names with defaults of their own.
struct ModelProfile {
    bool embeds = false;
    model::LoadDefaults load;
};

/// The worker of a model file for a job. Errors are those of the model's name.
[[nodiscard]] Result<Target> resolve_model(std::string_view kind, const JobSpec& spec,
                                           const Settings& settings, const model::Registry& models);

[[nodiscard]] Result<ModelProfile> profile_of(const Target& target);

/// What a program that runs a model of a file is told, and what that will cost.
struct ModelPlan {
    gguf::ModelFacts facts;
    bool embeds = false;
    std::uint64_t context = 0;    ///< tokens a slot, no more than the model was trained for
    std::uint64_t slots = 1;      ///< an embedding context computes one whole prompt at a time
    std::uint64_t cache_mib = 0;  ///< for the states of earlier prompts
    std::uint64_t threads = 1;
    std::uint64_t gpu_layers = 0;
    std::optional<std::string> chat_template;  ///< Jinja, in place of the model's own
    std::vector<model::Adapter> adapters;
    std::string draft;                     ///< a second model's file; empty: none
    std::vector<std::string> engine_args;  ///< the model's own
    DeviceBytes memory;
    std::string memory_detail;  ///< what `memory` is made of
};

/// Reads the model's header, on a thread for files. `batch`: tokens that the program computes at
/// once when it generates; for a vector it is the whole context. `devices`: those besides the host
/// that it will use. model_load_failed names the file.
[[nodiscard]] Result<ModelPlan> plan_model(const Target& target, const Settings& settings,
                                           std::uint64_t batch,
                                           const std::vector<ComputeDevice>& devices = {});

/// The same for a file whose header was read already.
[[nodiscard]] Result<ModelPlan> plan_file(gguf::ModelFacts facts, const ModelProfile& profile,
                                          const Settings& settings, std::uint64_t batch,
                                          const std::vector<ComputeDevice>& devices = {});

}  // namespace threadrunner
