#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "job/job.h"

namespace threadrunner {

/// Orders waiting jobs. A queue a target, so that a job that waits for memory never blocks one for
/// another target; in it, interactive before batch by weight; among equals, round-robin between
/// owners, so that a hundred jobs of one do not delay another's one; for one owner, first come
/// first served. It knows no workers and no clock: the pool pulls when it has a free slot.
class Scheduler {
public:
    /// `jobs_max`: waiting jobs a target. Beyond it admit() refuses.
    explicit Scheduler(std::size_t jobs_max) : jobs_max_(jobs_max) {}

    struct Entry {
        JobId id = 0;
        Target target;
        std::string owner;
        Priority priority = Priority::interactive;
    };

    /// Queues a job; its position from 1 as if nobody else came. `overloaded` with a retry_after
    /// when the target's queue is full.
    [[nodiscard]] Result<std::size_t> admit(const Entry& entry);

    /// Queues again a job that had been pulled, before all others of its owner and past the bound.
    void requeue(const Entry& entry);

    /// The job that is to run next for a target.
    [[nodiscard]] std::optional<JobId> next(const Target& target) const;

    /// That job, which waits no longer.
    [[nodiscard]] std::optional<JobId> pull(const Target& target);

    /// Takes a waiting job out; false when it was not waiting.
    bool remove(JobId id);

    [[nodiscard]] std::size_t waiting() const { return entries_.size(); }
    [[nodiscard]] std::size_t waiting(const Target& target) const;
    [[nodiscard]] std::vector<JobId> waiting_ids(const Target& target) const;
    [[nodiscard]] std::vector<Target> targets() const;

private:
    /// The waiting jobs of one priority for one target. `turns` holds each owner that has jobs
    /// exactly once, the next to be served first.
    struct Lane {
        std::map<std::string, std::deque<JobId>, std::less<>> by_owner;
        std::deque<std::string> turns;

        [[nodiscard]] bool empty() const { return turns.empty(); }
        void push(const Entry& entry, bool in_front);
        [[nodiscard]] JobId front() const { return by_owner.find(turns.front())->second.front(); }
        [[nodiscard]] JobId pop();
        void erase(const Entry& entry);
    };

    struct Queue {
        std::array<Lane, 2> lanes;  ///< by Priority
        std::size_t size = 0;
        unsigned interactive_in_a_row = 0;

        /// Whose turn it is.
        [[nodiscard]] Priority turn() const;
    };

    void push(const Entry& entry, bool in_front);
    void forget(const Target& target);

    std::size_t jobs_max_;
    std::map<Target, Queue> queues_;
    std::unordered_map<JobId, Entry> entries_;
};

}  // namespace threadrunner
