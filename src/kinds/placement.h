#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/memory_estimate.h"
#include "worker/budget.h"

namespace threadrunner {

/// A device besides the host that the engine can compute on.
struct ComputeDevice {
    std::string name;              ///< as llama.cpp calls it: "CUDA0"
    std::uint64_t free_bytes = 0;  ///< before any worker of ours had some of it
};

/// The devices with memory of their own in what `threadrunner-engine --devices` prints.
[[nodiscard]] Result<std::vector<ComputeDevice>> read_devices(std::string_view json);

/// How much of a device workers may have: the rest is for fragments and what others take.
[[nodiscard]] DeviceBytes device_limits(const std::vector<ComputeDevice>& devices);

/// Which device will hold how much of a model with so many blocks, of which, the output counted as
/// one more, `gpu_layers` go to devices: in proportion to what these have free, as llama.cpp
/// splits by layer unless told otherwise. Each device that computes has buffers for it.
[[nodiscard]] DeviceBytes place(const gguf::MemoryEstimate& memory, std::uint64_t blocks,
                                std::uint64_t gpu_layers,
                                const std::vector<ComputeDevice>& devices);

/// What a reservation is made of, for its refusal; `extra_bytes` are the prompt cache's and the
/// process's own.
[[nodiscard]] std::string describe(const gguf::MemoryEstimate& memory, std::uint64_t slots,
                                   std::uint64_t context, std::uint64_t extra_bytes);

}  // namespace threadrunner
