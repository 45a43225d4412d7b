#include "cli/nearest.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace threadrunner::cli {

std::size_t typing_distance(std::string_view a, std::string_view b) {
    // Optimal string alignment: three rows of the table of distances between prefixes.
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before, above);
        std::swap(above, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates,
                         std::size_t distance_max) {
    // No candidate is that long, and the distance costs length times length.
    constexpr std::size_t length_max = 40;
    std::string_view best;
    std::size_t best_distance = distance_max + 1;
    for (const std::string_view candidate : candidates) {
        if (word.size() > length_max) {
            break;
        }
        const std::size_t distance = typing_distance(word, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace threadrunner::cli
