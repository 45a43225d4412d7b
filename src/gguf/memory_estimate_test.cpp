#include "gguf/memory_estimate.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace threadrunner::gguf {
namespace {

/// The numbers in the header of Gemma 3 270M, Q4_K_M.
ModelFacts gemma() {
    return {.weights_bytes = 246'000'000,
            .embedding_length = 640,
            .feed_forward_length = 2048,
            .block_count = 18,
            .heads = std::vector<std::uint64_t>(18, 4),
            .kv_heads = std::vector<std::uint64_t>(18, 1),
            .key_length = 256,
            .value_length = 256,
            .vocabulary_size = 262'144};
}

constexpr std::uint64_t hundredth_mib = limits::mib / 100;

TEST(MemoryEstimate, TheCacheIsWhatLlamaCppAllocates) {
    // "CPU KV buffer size" 12 + 60 MiB, and 384 + 1920 MiB, with full-size sliding windows
    EXPECT_EQ(estimate_memory(gemma(), 4096, 1).kv_bytes, 72 * limits::mib);
    EXPECT_EQ(estimate_memory(gemma(), 32768, 4).kv_bytes, 2304 * limits::mib);
    EXPECT_EQ(estimate_memory(gemma(), 4000, 1).kv_bytes, 72 * limits::mib) << "rounds up";
}

TEST(MemoryEstimate, ComputeBuffersAreNotUnderestimated) {
    // "compute buffer size" + "output buffer size" of the same runs
    const std::uint64_t one = estimate_memory(gemma(), 4096, 1).compute_bytes;
    EXPECT_GE(one, 744 * hundredth_mib);
    EXPECT_LE(one, 1000 * hundredth_mib);
    const std::uint64_t four = estimate_memory(gemma(), 32768, 4).compute_bytes;
    EXPECT_GE(four, 2444 * hundredth_mib);
    EXPECT_LE(four, 3200 * hundredth_mib);
}

TEST(MemoryEstimate, ALargerBatchTakesMore) {
    EXPECT_GT(estimate_memory(gemma(), 4096, 1, 2048).compute_bytes,
              4 * estimate_memory(gemma(), 4096, 1).compute_bytes);
}

TEST(MemoryEstimate, LayersWithoutKeysTakeNoCache) {
    ModelFacts facts = gemma();
    facts.kv_heads = {0, 0, 3};
    EXPECT_EQ(estimate_memory(facts, 256, 1).kv_bytes, 3U * 512 * 2 * 256);
}

TEST(MemoryEstimate, ABareHeaderTakesItsWeights) {
    const MemoryEstimate estimate = estimate_memory({.weights_bytes = 7}, 0, 0);
    EXPECT_EQ(estimate.total_bytes(), 7U);
}

TEST(MemoryEstimate, AbsurdNumbersDoNotFit) {
    ModelFacts facts = gemma();
    facts.kv_heads = {saturated, saturated};
    facts.embedding_length = saturated;
    const MemoryEstimate estimate = estimate_memory(facts, saturated, saturated);
    EXPECT_EQ(estimate.kv_bytes, saturated);
    EXPECT_EQ(estimate.compute_bytes, saturated);
    EXPECT_EQ(estimate.total_bytes(), saturated);
}

}  // namespace
}  // namespace threadrunner::gguf
