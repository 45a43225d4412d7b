#pragma once

#include <cstdint>
#include <string_view>

namespace threadrunner::gguf {

/// The short name of a `general.file_type` ("Q4_K_M"): how most of a model's weights are quantised.
/// Empty for a number that this version does not know. Static text.
[[nodiscard]] std::string_view file_type_name(std::uint64_t file_type);

}  // namespace threadrunner::gguf
