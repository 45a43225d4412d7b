#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "job/job.h"
#include "job/scheduler.h"

namespace threadrunner {

/// What Jobs asks of whoever runs them (the pool).
class Runner {
public:
    Runner() = default;
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    virtual ~Runner() = default;

    /// The target of a new job, or why no worker can ever do it.
    [[nodiscard]] virtual Result<Target> resolve(const JobSpec& spec) = 0;
    /// A job waits for this target.
    virtual void job_waiting(const Target& target) = 0;
    /// A job left this target's queue unserved: a load that nobody waits for may stop.
    virtual void job_withdrew(const Target& target) = 0;
    /// Stop working on a running job; it still ends through Jobs, if it has not yet.
    virtual void cancel(JobId id) = 0;
    /// The job's client has taken this many events.
    virtual void credit(JobId id, unsigned credits) = 0;
    /// Answers a running job's question whether a call may write (event::Tool::State::asks). False:
    /// it does not ask about that call.
    [[nodiscard]] virtual bool permit(JobId /*id*/, const std::string& /*call*/, bool /*allow*/) {
        return false;
    }
};

/// What is written down of a job that ended.
struct JobReport {
    const Job& job;
    const Event& end;  ///< Done or Error
    Clock::time_point ended;
};

/// The table of live jobs, and the promise that each ends exactly once: by its worker's last event,
/// by cancelling, by its deadline, or by an error before it began. Doors submit, the runner takes
/// and emits. Lives on the event loop, as do all calls.
class Jobs {
public:
    using EndObserver = std::function<void(const JobReport&)>;

    Jobs(boost::asio::any_io_executor executor, std::size_t queue_jobs_max);

    /// Must be called before the first submit(); the runner outlives the last job.
    void set_runner(Runner& runner) { runner_ = &runner; }
    void set_end_observer(EndObserver observer) { on_end_ = std::move(observer); }

    /// Takes a job in. Its first event, `accepted`, goes to the sink before submit() returns; so
    /// may its last, when it is refused. The sink must live until then or until abandon(). A child
    /// has its parent's owner, and its parent's deadline unless its own comes first; its parent is
    /// alive and not cancelled.
    JobId submit(JobSpec spec, EventSink& sink);

    /// Ends a job as cancelled, wherever it is, and its children; false when no such job is alive.
    /// A running job ends when its worker has let go.
    bool cancel(JobId id);

    /// Follows a detached job that nobody follows, from the event after `after_seq`: what it said
    /// goes to the sink before attach() returns, the rest as it comes. gone: older events, or the
    /// job's journal, are no longer kept; conflict: it is not detached or somebody follows it.
    [[nodiscard]] Result<void> attach(JobId id, std::uint64_t after_seq, EventSink& sink);

    /// The client is gone: its sink is not called again. Cancels, unless the job is detached.
    void abandon(JobId id);

    /// Credit for events whose bytes have left.
    void credit(JobId id, unsigned credits) { runner_->credit(id, credits); }

    /// Answers a job's question whether a call may write. not_found: nobody asks that.
    [[nodiscard]] Result<void> permit(JobId id, const std::string& call, bool allow);

    /// An id for a request that is answered without becoming a job.
    [[nodiscard]] JobId new_id() { return ++last_id_; }

    // For the runner:

    /// The job that take() would give; null when none waits.
    [[nodiscard]] const Job* next(const Target& target);
    /// The next job for a target, now running; null when none waits.
    [[nodiscard]] Job* take(const Target& target);
    /// A live job; null once it has ended.
    [[nodiscard]] Job* find(JobId id);
    /// One event of a live job. An event that ends it makes `job` dangle.
    void emit(Job& job, const Event& event, unsigned credits = 0);
    /// The same event for all that wait for a target: load progress, or the error of a failed load.
    void emit_waiting(const Target& target, const Event& event);
    /// A running job back to the front of its queue.
    void requeue(Job& job);

    [[nodiscard]] const Scheduler& scheduler() const { return scheduler_; }
    [[nodiscard]] const std::map<JobId, std::unique_ptr<Job>>& live() const { return live_; }
    [[nodiscard]] std::uint64_t finished() const { return finished_; }
    [[nodiscard]] std::uint64_t failed() const { return failed_; }

private:
    void inherit(JobSpec& spec) const;
    void cancel_children(JobId id);
    void end(Job& job, const Event& event);
    [[nodiscard]] Result<Journal*> journal_of(JobId id);
    void keep_journal(Job& job);
    void forget_journals(std::size_t room);
    void expire();
    void arm_deadline_timer();

    Scheduler scheduler_;
    std::map<JobId, std::unique_ptr<Job>> live_;
    std::set<std::pair<JobId, JobId>> children_;  ///< live jobs that have one: parent, child
    struct Kept {
        JobId id = 0;
        std::unique_ptr<Journal> journal;
        Clock::time_point until;
    };
    std::deque<Kept> kept_;  ///< journals of detached jobs that ended, in the order of their ends
    std::set<std::pair<Clock::time_point, JobId>> deadlines_;
    boost::asio::steady_timer deadline_timer_;
    Runner* runner_ = nullptr;
    EndObserver on_end_;
    JobId last_id_ = 0;
    std::uint64_t finished_ = 0;
    std::uint64_t failed_ = 0;
};

}  // namespace threadrunner
