#include "gguf/memory_estimate.h"

#include <algorithm>

namespace threadrunner::gguf {
namespace {

constexpr std::uint64_t f16_bytes = 2;
constexpr std::uint64_t f32_bytes = 4;
constexpr std::uint64_t context_step_tokens = 256;  // llama.cpp rounds a slot's context up to it

template <class... Rest>
std::uint64_t product(std::uint64_t first, Rest... rest) {
    ((first = saturating_multiply(first, rest)), ...);
    return first;
}

template <class... Rest>
std::uint64_t sum(std::uint64_t first, Rest... rest) {
    ((first = saturating_add(first, rest)), ...);
    return first;
}

/// What llama_kv_cache allocates: a row of keys and one of values a token, layer and slot.
std::uint64_t kv_bytes(const ModelFacts& facts, std::uint64_t context, std::uint64_t slots) {
    std::uint64_t kv_heads = 0;
    for (const std::uint64_t of_layer : facts.kv_heads) {
        kv_heads = saturating_add(kv_heads, of_layer);
    }
    return product(kv_heads, sum(facts.key_length, facts.value_length), f16_bytes, context, slots);
}

/// Roughly what llama.cpp's graph for one batch needs beside weights and cache, with flash
/// attention: the widest layer's activations in f32 (attention input and output, residual, both
/// halves of the feed-forward), two masks over the context in f16 and, once in the graph and once
/// as output, a row of logits a slot. Fitted to "compute buffer size" and "output buffer size" in
/// the log of llama.cpp (de3ff815) for Gemma 3 270M: with 1 slot of 4,096 tokens 8.3 MiB against
/// its 7.4, with 4 slots of 32,768 28.3 against 24.4.
std::uint64_t compute_bytes(const ModelFacts& facts, std::uint64_t context, std::uint64_t slots,
                            std::uint64_t batch) {
    const std::uint64_t heads = facts.heads.empty() ? 0 : std::ranges::max(facts.heads);
    const std::uint64_t activations =
        sum(product(4, facts.embedding_length), product(2, facts.feed_forward_length),
            product(heads, sum(facts.key_length, facts.value_length)));
    return sum(product(activations, batch, f32_bytes), product(2, batch, context, f16_bytes),
               product(2, facts.vocabulary_size, slots, f32_bytes));
}

}  // namespace

MemoryEstimate estimate_memory(const ModelFacts& facts, std::uint64_t context_per_slot,
                               std::uint64_t slots, std::uint64_t batch) {
    const std::uint64_t context = saturating_pad(context_per_slot, context_step_tokens);
    return {.weights_bytes = facts.weights_bytes,
            .kv_bytes = kv_bytes(facts, context, slots),
            .compute_bytes = compute_bytes(facts, context, slots, batch)};
}

}  // namespace threadrunner::gguf
