#pragma once

#include <cstdint>

#include "base/limits.h"
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

/// The estimate for an engine with this many slots of so many tokens each, which computes so many
/// tokens at once; saturates. Keys and values are counted in f16 and full for every layer, sliding
/// windows and layers that share theirs included. Recurrent state (a few MiB a slot) is left out,
/// and so is a second copy of the weights where ggml repacks them: it replaces pages of the file,
/// which the system can drop.
[[nodiscard]] MemoryEstimate estimate_memory(const ModelFacts& facts,
                                             std::uint64_t context_per_slot, std::uint64_t slots,
                                             std::uint64_t batch = limits::cpu_batch_tokens);

}  // namespace threadrunner::gguf
