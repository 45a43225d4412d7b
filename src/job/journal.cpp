#include "job/journal.h"

#include <string>

namespace threadrunner {

void Journal::add(std::uint64_t seq, const Event& event) {
    const std::size_t bytes = wire::encode_json(wire::event_to_json(event)).size();
    entries_.push_back({.seq = seq, .event = event, .bytes = bytes});
    bytes_ += bytes;
    while (bytes_ > bytes_max_ && entries_.size() > 1) {
        bytes_ -= entries_.front().bytes;
        entries_.pop_front();
    }
}

Result<void> Journal::replay(
    std::uint64_t after_seq,
    const std::function<void(std::uint64_t seq, const Event&)>& each) const {
    if (!entries_.empty() && after_seq + 1 < entries_.front().seq) {
        return fail(ErrorCode::gone, "the job's events before " +
                                         std::to_string(entries_.front().seq) +
                                         " are no longer kept; attach with a later 'after_seq'");
    }
    for (const Entry& entry : entries_) {
        if (entry.seq > after_seq) {
            each(entry.seq, entry.event);
        }
    }
    return {};
}

}  // namespace threadrunner
