#pragma once

#include <cstdint>
#include <string_view>

#include "gguf/reader.h"

namespace threadrunner::gguf {

/// What a header's list of tensors adds up to. Sums saturate.
struct TensorSummary {
    std::uint64_t count = 0;
    std::uint64_t elements = 0;  ///< the model's parameters
    std::uint64_t bytes = 0;     ///< of the tensors whose type is known
    /// From the start of the tensor data to the end of the last tensor whose type is known.
    std::uint64_t extent_bytes = 0;
    /// The type that holds the most bytes; empty where no type is known. Static text.
    std::string_view main_type;
};

/// Reads `count` tensor descriptions. A fault stays in the reader and the sum has no meaning.
[[nodiscard]] TensorSummary read_tensors(Reader& reader, std::uint64_t count);

}  // namespace threadrunner::gguf
