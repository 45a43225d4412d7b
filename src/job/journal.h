#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "base/error.h"
#include "wire/event.h"

namespace threadrunner {

/// What a detached job has said, for a client that attaches later. A ring: beyond its bytes the
/// oldest events go.
class Journal {
public:
    explicit Journal(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// `seq` is one more than the last.
    void add(std::uint64_t seq, const Event& event);

    /// Calls `each` for every event after `after_seq`, in order. gone: the ring has let go of one.
    [[nodiscard]] Result<void> replay(
        std::uint64_t after_seq,
        const std::function<void(std::uint64_t seq, const Event&)>& each) const;

    /// The last event's; 0: none yet.
    [[nodiscard]] std::uint64_t last_seq() const {
        return entries_.empty() ? 0 : entries_.back().seq;
    }

private:
    struct Entry {
        std::uint64_t seq;
        Event event;
        std::size_t bytes;
    };

    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::deque<Entry> entries_;
};

}  // namespace threadrunner
