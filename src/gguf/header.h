#pragma once

#include <cstdint>

#include "base/error.h"
#include "gguf/metadata.h"
#include "gguf/source.h"
#include "gguf/tensors.h"

namespace threadrunner::gguf {

/// What stands before the tensor data of a GGUF file (versions 2 and 3, little-endian; the format
/// is described in ggml's gguf.h).
struct Header {
    std::uint32_t version = 0;
    Metadata metadata;
    TensorSummary tensors;
    /// The end of the last tensor in the file; a smaller file is cut off.
    std::uint64_t file_bytes_min = 0;
};

/// Reads a header, never more than limits::gguf_header_bytes_max, and allocates nothing before the
/// file was seen to be large enough for it. Whether the tensor data is all there is not its matter.
/// Errors are model_load_failed; their messages lack the subject: put the file's name before them
/// ("x.gguf " + "is cut off …").
[[nodiscard]] Result<Header> read_header(Source& source);

}  // namespace threadrunner::gguf
