#pragma once

#include <cstdint>
#include <string_view>

namespace threadrunner::gguf {

/// How one of ggml's tensor types packs numbers: a row is a sequence of blocks.
struct TensorType {
    std::uint32_t id;  ///< in files
    std::string_view name;
    std::uint32_t block_elements;
    std::uint32_t block_bytes;
};

/// The type with this number, or null when it is none of those that this version knows.
[[nodiscard]] const TensorType* find_tensor_type(std::uint32_t id);

}  // namespace threadrunner::gguf
