#pragma once

#include <string_view>

#include "gguf/source.h"

namespace threadrunner::gguf {

/// Bytes in memory, which must outlive it.
class MemorySource : public Source {
public:
    explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }

    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
        if (offset >= bytes_.size()) {
            return 0;
        }
        return bytes_.copy(out.data(), out.size(), static_cast<std::size_t>(offset));
    }

private:
    std::string_view bytes_;
};

}  // namespace threadrunner::gguf
