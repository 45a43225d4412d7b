#include "engine/job_queue.h"

#include <utility>

namespace threadrunner::engine {

bool JobQueue::add(std::unique_ptr<RouteJob> job) {
    const std::lock_guard lock(mutex_);
    RouteJob* const added = job.get();
    if (!jobs_.try_emplace(added->id(), std::move(job)).second) {
        return false;
    }
    waiting_.push_back(added);
    job_came_.notify_one();
    return true;
}

RouteJob& JobQueue::next() {
    std::unique_lock lock(mutex_);
    job_came_.wait(lock, [this] { return !waiting_.empty(); });
    RouteJob& job = *waiting_.front();
    waiting_.pop_front();
    return job;
}

void JobQueue::finish(RouteJob& job, const Result<RouteEnd>& end) {
    std::unique_lock lock(mutex_);
    const auto ended = jobs_.extract(job.id());
    ++finishing_;
    lock.unlock();
    job.finish(end);
    lock.lock();
    --finishing_;
}

void JobQueue::with(std::int64_t id, const std::function<void(RouteJob&)>& action) {
    const std::lock_guard lock(mutex_);
    if (const auto found = jobs_.find(id); found != jobs_.end()) {
        action(*found->second);
    }
}

void JobQueue::cancel_all() {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, job] : jobs_) {
        job->cancel();
    }
}

bool JobQueue::empty() const {
    const std::lock_guard lock(mutex_);
    return jobs_.empty() && finishing_ == 0;
}

}  // namespace threadrunner::engine
