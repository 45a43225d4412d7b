#include "job/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/limits.h"

namespace threadrunner {
namespace {

std::size_t lane_of(Priority priority) { return static_cast<std::size_t>(priority); }

}  // namespace

void Scheduler::Lane::push(const Entry& entry, bool in_front) {
    std::deque<JobId>& own = by_owner[entry.owner];
    if (own.empty()) {
        in_front ? turns.push_front(entry.owner) : turns.push_back(entry.owner);
    }
    in_front ? own.push_front(entry.id) : own.push_back(entry.id);
}

JobId Scheduler::Lane::pop() {
    assert(!empty());
    std::string owner = std::move(turns.front());
    turns.pop_front();
    const auto found = by_owner.find(owner);
    const JobId id = found->second.front();
    found->second.pop_front();
    if (found->second.empty()) {
        by_owner.erase(found);
    } else {
        turns.push_back(std::move(owner));
    }
    return id;
}

void Scheduler::Lane::erase(const Entry& entry) {
    const auto found = by_owner.find(entry.owner);
    std::erase(found->second, entry.id);
    if (found->second.empty()) {
        by_owner.erase(found);
        std::erase(turns, entry.owner);
    }
}

Result<std::size_t> Scheduler::admit(const Entry& entry) {
    const std::size_t before = waiting(entry.target);
    if (before >= jobs_max_) {
        return std::unexpected(Error{
            .code = ErrorCode::overloaded,
            .message = std::to_string(before) + " jobs already wait for " + entry.target.label() +
                       "; try again later, or raise the setting queue.jobs",
            .retry_after = limits::overloaded_retry_after});
    }
    push(entry, false);
    return before + 1;
}

void Scheduler::requeue(const Entry& entry) { push(entry, true); }

void Scheduler::push(const Entry& entry, bool in_front) {
    Queue& queue = queues_[entry.target];
    queue.lanes[lane_of(entry.priority)].push(entry, in_front);
    ++queue.size;
    entries_.emplace(entry.id, entry);
}

Priority Scheduler::Queue::turn() const {
    const bool batch_turn = interactive_in_a_row >= limits::interactive_weight;
    const bool take_batch = !lanes[lane_of(Priority::batch)].empty() &&
                            (lanes[lane_of(Priority::interactive)].empty() || batch_turn);
    return take_batch ? Priority::batch : Priority::interactive;
}

std::optional<JobId> Scheduler::next(const Target& target) const {
    const auto found = queues_.find(target);
    return found == queues_.end()
               ? std::nullopt
               : std::optional(found->second.lanes[lane_of(found->second.turn())].front());
}

std::optional<JobId> Scheduler::pull(const Target& target) {
    const auto found = queues_.find(target);
    if (found == queues_.end()) {
        return std::nullopt;
    }
    Queue& queue = found->second;
    const Priority turn = queue.turn();
    queue.interactive_in_a_row = turn == Priority::batch ? 0 : queue.interactive_in_a_row + 1;
    const JobId id = queue.lanes[lane_of(turn)].pop();
    --queue.size;
    entries_.erase(id);
    forget(target);
    return id;
}

bool Scheduler::remove(JobId id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) {
        return false;
    }
    const Entry entry = std::move(found->second);
    entries_.erase(found);
    Queue& queue = queues_.at(entry.target);
    queue.lanes[lane_of(entry.priority)].erase(entry);
    --queue.size;
    forget(entry.target);
    return true;
}

/// Drops an empty queue: targets come and go, the map must not grow for ever.
void Scheduler::forget(const Target& target) {
    const auto found = queues_.find(target);
    if (found != queues_.end() && found->second.size == 0) {
        queues_.erase(found);
    }
}

std::size_t Scheduler::waiting(const Target& target) const {
    const auto found = queues_.find(target);
    return found == queues_.end() ? 0 : found->second.size;
}

std::vector<JobId> Scheduler::waiting_ids(const Target& target) const {
    std::vector<JobId> ids;
    const auto found = queues_.find(target);
    if (found != queues_.end()) {
        for (const Lane& lane : found->second.lanes) {
            for (const auto& [owner, own] : lane.by_owner) {
                ids.insert(ids.end(), own.begin(), own.end());
            }
        }
    }
    return ids;
}

std::vector<Target> Scheduler::targets() const {
    std::vector<Target> out;
    for (const auto& [target, queue] : queues_) {
        out.push_back(target);
    }
    return out;
}

}  // namespace threadrunner
