#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "engine/route_job.h"

namespace threadrunner::engine {

/// The routes under way, by id, and the order in which the slots' threads take them. The daemon
/// never has more under way than slots, so that nothing waits here for long.
class JobQueue {
public:
    /// False when the id is under way already.
    [[nodiscard]] bool add(std::unique_ptr<RouteJob> job);

    /// Waits for the next job. It stays here, owned, until remove().
    [[nodiscard]] RouteJob& next();

    /// Ends a job: its id is unknown from before its last event is sent. empty() counts it until
    /// then.
    void finish(RouteJob& job, const Result<RouteEnd>& end);

    /// Does something with a job, or nothing if the id is unknown.
    void with(std::int64_t id, const std::function<void(RouteJob&)>& action);
    void cancel_all();
    [[nodiscard]] bool empty() const;

private:
    mutable std::mutex mutex_;
    std::condition_variable job_came_;
    std::map<std::int64_t, std::unique_ptr<RouteJob>> jobs_;
    std::deque<RouteJob*> waiting_;
    int finishing_ = 0;
};

}  // namespace threadrunner::engine
