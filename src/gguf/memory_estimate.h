#pragma once

#include <cstdint>

#include "gguf/checked.h"
#include "gguf/facts.h"

namespace threadrunner::gguf {

/// What a loaded model takes, in bytes. An upper bound for the usual transformer, not a promise.
struct MemoryEstimate {
    std::uint64_t weights_bytes = 0;
    std::uint64_t kv_bytes = 0;
    std::uint64_t compute_bytes = 0;

    [[nodiscard]] std::uint64_t total_bytes() const {
        return saturating_add(weights_bytes, saturating_add(kv_bytes, compute_bytes));
    }
};

/// The estimate for an engine with this many slots of so many tokens each; saturates. Keys and
/// values are counted in f16 and full for every layer, sliding windows and layers that share theirs
/// included. Recurrent state (a few MiB a slot) is left out.
[[nodiscard]] MemoryEstimate estimate_memory(const ModelFacts& facts,
                                             std::uint64_t context_per_slot, std::uint64_t slots);

}  // namespace threadrunner::gguf
