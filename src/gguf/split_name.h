#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace threadrunner::gguf {

/// The name of one file of a split model as gguf-split writes it: prefix-00002-of-00005.gguf.
struct SplitName {
    std::string prefix;
    std::uint64_t part = 0;  ///< from 1
    std::uint64_t count = 0;

    /// The file name of a part.
    [[nodiscard]] std::string of_part(std::uint64_t number) const;
};

/// Takes a file name (no directory) apart; nothing when it is not one of a split model.
[[nodiscard]] std::optional<SplitName> parse_split_name(std::string_view file_name);

}  // namespace threadrunner::gguf
