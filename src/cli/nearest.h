#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace threadrunner::cli {

/// The typing errors between two words: letters added, left out, changed, or two swapped.
[[nodiscard]] std::size_t typing_distance(std::string_view a, std::string_view b);

/// The candidate nearest to a mistyped word, empty when all are further away than `distance_max`.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> candidates,
                                       std::size_t distance_max);

}  // namespace threadrunner::cli
