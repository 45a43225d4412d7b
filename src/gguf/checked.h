#pragma once

#include <cstdint>
#include <limits>

namespace threadrunner::gguf {

/// Sums and products of numbers that a file may have made up: they stay at the largest value
/// instead of wrapping around to a small and plausible one.
constexpr std::uint64_t saturated = std::numeric_limits<std::uint64_t>::max();

[[nodiscard]] constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
    return b > saturated - a ? saturated : a + b;
}

[[nodiscard]] constexpr std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
    return a != 0 && b > saturated / a ? saturated : a * b;
}

/// The next multiple of a power of two.
[[nodiscard]] constexpr std::uint64_t saturating_pad(std::uint64_t value, std::uint64_t alignment) {
    const std::uint64_t padded = saturating_add(value, alignment - 1);
    return padded == saturated ? saturated : padded & ~(alignment - 1);
}

}  // namespace threadrunner::gguf
