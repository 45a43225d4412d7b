#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "wire/decode.h"

namespace threadrunner::dummy {

/// The bytes on their way to the daemon. Entirely passive: whoever owns the descriptor writes
/// pending() and says with sent() how much went.
class Outbox {
public:
    void put(const wire::Json& event);
    void put_bytes(std::string_view bytes) { bytes_ += bytes; }

    [[nodiscard]] std::string_view pending() const {
        return std::string_view(bytes_).substr(sent_);
    }
    [[nodiscard]] bool empty() const { return sent_ == bytes_.size(); }
    /// Whether to write before more is made; what must not wait may still be put.
    [[nodiscard]] bool full() const { return bytes_.size() - sent_ >= full_bytes; }
    void sent(std::size_t bytes);

private:
    /// Enough for one large write; little enough that a pong behind it is not late.
    static constexpr std::size_t full_bytes = std::size_t{256} * 1024;

    std::string bytes_;
    std::size_t sent_ = 0;
};

}  // namespace threadrunner::dummy
