#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"

namespace threadrunner::gguf {

/// Where a model's bytes come from: a file, memory, a browser's blob. One thread at a time.
class Source {
public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    /// In bytes; the same at every call.
    [[nodiscard]] virtual std::uint64_t size() const = 0;

    /// Fills `out` with the bytes from `offset` on and gives their number, smaller than asked for
    /// only where the source ends. An error when the medium fails.
    [[nodiscard]] virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> out) = 0;
};

}  // namespace threadrunner::gguf
