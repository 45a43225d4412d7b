#include "gguf/split_name.h"

#include <algorithm>

#include "base/number.h"

namespace threadrunner::gguf {
namespace {

constexpr std::size_t digits = 5;
constexpr std::string_view extension = ".gguf";
constexpr std::string_view between = "-of-";

std::string padded(std::uint64_t number) {
    std::string out = std::to_string(number);
    out.insert(0, digits - std::min(digits, out.size()), '0');
    return out;
}

}  // namespace

std::string SplitName::of_part(std::uint64_t number) const {
    return prefix + "-" + padded(number) + std::string(between) + padded(count) +
           std::string(extension);
}

std::optional<SplitName> parse_split_name(std::string_view file_name) {
    constexpr std::size_t tail = 1 + digits + between.size() + digits + extension.size();
    if (file_name.size() <= tail || !file_name.ends_with(extension)) {
        return std::nullopt;
    }
    const std::string_view end = file_name.substr(file_name.size() - tail);
    const auto part = number_from<std::uint64_t>(end.substr(1, digits));
    const auto count = number_from<std::uint64_t>(end.substr(1 + digits + between.size(), digits));
    if (end[0] != '-' || end.substr(1 + digits, between.size()) != between || !part || !count ||
        *part == 0 || *part > *count) {
        return std::nullopt;
    }
    return SplitName{.prefix = std::string(file_name.substr(0, file_name.size() - tail)),
                     .part = *part,
                     .count = *count};
}

}  // namespace threadrunner::gguf
