#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/settings.h"
#include "gguf/facts.h"
#include "job/job.h"
#include "kinds/model_folder.h"
#include "kinds/placement.h"
#include "worker/budget.h"

namespace threadrunner {

/// The worker of a model file for a job: vectors come from a profile of their own, because a
/// context either generates or embeds. Errors are those of the model's name.
[[nodiscard]] Result<Target> resolve_model(std::string_view kind, const JobSpec& spec,
                                           const Settings& settings, const ModelFolder& models);

/// What a program that runs a model of a file is told, and what that will cost.
struct ModelPlan {
    gguf::ModelFacts facts;
    bool embeds = false;
    std::uint64_t context = 0;    ///< tokens a slot, no more than the model was trained for
    std::uint64_t slots = 1;      ///< an embedding context computes one whole prompt at a time
    std::uint64_t cache_mib = 0;  ///< for the states of earlier prompts
    std::uint64_t threads = 1;
    DeviceBytes memory;
    std::string memory_detail;  ///< what `memory` is made of
};

/// Reads the model's header, on a thread for files. `batch`: tokens that the program computes at
/// once when it generates; for a vector it is the whole context. `devices`: those besides the host
/// that it will use. model_load_failed names the file.
[[nodiscard]] Result<ModelPlan> plan_model(const Target& target, const Settings& settings,
                                           std::uint64_t batch,
                                           const std::vector<ComputeDevice>& devices = {});

}  // namespace threadrunner
