#include "job/jobs.h"

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <cassert>
#include <variant>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner {
namespace {

/// Events that a second run could not take back: after one of them a job is never run again.
bool speaks(const Event& event) {
    return !std::holds_alternative<event::Accepted>(event) &&
           !std::holds_alternative<event::Queued>(event) &&
           !std::holds_alternative<event::Load>(event) &&
           !std::holds_alternative<event::Prompt>(event);
}

/// How a job ends whose deadline has passed. One that was cancelled always ends as cancelled.
Event at_deadline(const Job& job, bool waited) {
    if (job.cancelled) {
        return event::Done{.reason = event::Reason::cancelled};
    }
    // The request was read a moment before the job was created: up, to what it asked for.
    const auto allowed =
        std::chrono::ceil<std::chrono::milliseconds>(*job.spec.deadline - job.created);
    return Error{.code = ErrorCode::timeout,
                 .message = "the job's deadline of " + format_duration(allowed) +
                            " passed while it was " + (waited ? "waiting" : "running")};
}

Scheduler::Entry entry_of(const Job& job) {
    return {
        .id = job.id, .target = job.target, .owner = job.spec.owner, .priority = job.spec.priority};
}

}  // namespace

Jobs::Jobs(boost::asio::any_io_executor executor, std::size_t queue_jobs_max)
    : scheduler_(queue_jobs_max), deadline_timer_(std::move(executor)) {}

JobId Jobs::submit(JobSpec spec, EventSink& sink) {
    const JobId id = ++last_id_;
    auto owned = std::make_unique<Job>();
    Job& job = *owned;
    job.id = id;
    inherit(spec);
    job.spec = std::move(spec);
    job.sink = &sink;
    job.created = Clock::now();
    if (job.spec.parent) {
        children_.emplace(*job.spec.parent, id);
    }
    if (job.spec.detached) {
        job.journal = std::make_unique<Journal>(limits::journal_bytes_max);
    }
    live_.emplace(id, std::move(owned));
    emit(job, event::Accepted{.job = job_name(id)});

    auto target = runner_->resolve(job.spec);
    if (!target) {
        emit(job, target.error());
        return id;
    }
    job.target = *std::move(target);
    auto position = scheduler_.admit(entry_of(job));
    if (!position) {
        emit(job, position.error());
        return id;
    }
    if (job.spec.deadline) {
        deadlines_.emplace(*job.spec.deadline, id);
        arm_deadline_timer();
    }
    const Target wanted = job.target;
    runner_->job_waiting(wanted);
    Job* const still = find(id);
    if (still != nullptr && still->state == Job::State::waiting) {
        emit(*still, event::Queued{.position = *position});
    }
    return id;
}

bool Jobs::cancel(JobId id) {
    Job* job = find(id);
    if (job == nullptr) {
        return false;
    }
    job->cancelled = true;
    cancel_children(id);
    if (scheduler_.remove(id)) {
        const Target target = job->target;
        emit(*job, event::Done{.reason = event::Reason::cancelled});
        runner_->job_withdrew(target);
    } else {
        runner_->cancel(id);
    }
    return true;
}

void Jobs::inherit(JobSpec& spec) const {
    if (!spec.parent) {
        return;
    }
    const auto found = live_.find(*spec.parent);
    assert(found != live_.end() && !found->second->cancelled);
    const JobSpec& parent = found->second->spec;
    spec.owner = parent.owner;
    if (parent.deadline) {
        spec.deadline = std::min(spec.deadline.value_or(*parent.deadline), *parent.deadline);
    }
}

void Jobs::cancel_children(JobId id) {
    std::vector<JobId> children;
    for (auto at = children_.lower_bound({id, 0}); at != children_.end() && at->first == id; ++at) {
        children.push_back(at->second);
    }
    std::ranges::for_each(children, [this](JobId child) { cancel(child); });
}

void Jobs::abandon(JobId id) {
    if (Job* job = find(id)) {
        job->sink = nullptr;
        if (job->spec.detached) {
            // What was on its way to the client counts as taken, or the worker would wait for ever.
            runner_->credit(id, static_cast<unsigned>(limits::credit_at_start));
        } else {
            cancel(id);
        }
    }
}

Result<void> Jobs::permit(JobId id, const std::string& call, bool allow) {
    if (!runner_->permit(id, call, allow)) {
        return fail(
            ErrorCode::not_found,
            "job " + job_name(id) + " does not ask whether the call '" + call + "' may write");
    }
    return {};
}

Result<Journal*> Jobs::journal_of(JobId id) {
    forget_journals(0);
    const auto kept =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& entry) { return entry.id == id; });
    if (kept != kept_.end()) {
        return kept->journal.get();
    }
    const Job* job = find(id);
    if (job == nullptr) {
        const bool existed = id > 0 && id <= last_id_;
        return fail(existed ? ErrorCode::gone : ErrorCode::not_found,
                    existed ? "the events of job " + job_name(id) + " are no longer kept"
                            : "there is no job " + job_name(id));
    }
    if (!job->journal) {
        return fail(ErrorCode::conflict,
                    "job " + job_name(id) + " was not sent with 'detach', so nobody can attach");
    }
    if (job->sink != nullptr) {
        return fail(ErrorCode::conflict, "job " + job_name(id) + " is followed by another client");
    }
    return job->journal.get();
}

Result<void> Jobs::attach(JobId id, std::uint64_t after_seq, EventSink& sink) {
    auto journal = journal_of(id);
    if (!journal) {
        return std::unexpected(journal.error());
    }
    if (find(id) == nullptr && after_seq >= (*journal)->last_seq()) {
        return fail(ErrorCode::gone, "job " + job_name(id) + " has ended with event " +
                                         std::to_string((*journal)->last_seq()));
    }
    auto replayed = (*journal)->replay(
        after_seq, [&](std::uint64_t seq, const Event& event) { sink.deliver(seq, event, 0); });
    if (Job* job = find(id); replayed && job != nullptr) {
        job->sink = &sink;
    }
    return replayed;
}

/// Drops the journals whose time is over, and the oldest beyond the bound less `room`.
void Jobs::forget_journals(std::size_t room) {
    const auto now = Clock::now();
    while (!kept_.empty() &&
           (kept_.front().until <= now || kept_.size() + room > limits::journals_kept_max)) {
        kept_.pop_front();
    }
}

void Jobs::keep_journal(Job& job) {
    if (job.journal) {
        forget_journals(1);
        kept_.push_back({.id = job.id,
                         .journal = std::move(job.journal),
                         .until = Clock::now() + limits::journal_kept_for});
    }
}

const Job* Jobs::next(const Target& target) {
    const auto id = scheduler_.next(target);
    return id ? find(*id) : nullptr;
}

Job* Jobs::take(const Target& target) {
    const auto id = scheduler_.pull(target);
    Job* job = id ? find(*id) : nullptr;
    if (job != nullptr) {
        job->state = Job::State::running;
        job->started = Clock::now();
    }
    return job;
}

Job* Jobs::find(JobId id) {
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : found->second.get();
}

void Jobs::emit(Job& job, const Event& event, unsigned credits) {
    job.spoke = job.spoke || speaks(event);
    ++job.events;
    if (job.journal) {
        job.journal->add(job.events, event);
    }
    if (ends_job(event)) {
        end(job, event);
        return;
    }
    if (job.sink != nullptr) {
        job.sink->deliver(job.events, event, credits);
    } else if (credits > 0) {
        runner_->credit(job.id, credits);
    }
}

void Jobs::emit_waiting(const Target& target, const Event& event) {
    for (const JobId id : scheduler_.waiting_ids(target)) {
        if (Job* job = find(id)) {
            if (ends_job(event)) {
                scheduler_.remove(id);
            }
            emit(*job, event);
        }
    }
}

void Jobs::requeue(Job& job) {
    job.state = Job::State::waiting;
    scheduler_.requeue(entry_of(job));
}

/// The job leaves the table before its sink hears of it: whatever the sink does then, the job has
/// ended and cannot end again.
void Jobs::end(Job& job, const Event& event) {
    const auto found = live_.find(job.id);
    assert(found != live_.end());
    const std::unique_ptr<Job> last = std::move(found->second);
    live_.erase(found);
    keep_journal(*last);
    if (last->spec.parent) {
        children_.erase({*last->spec.parent, last->id});
    }
    if (last->spec.deadline) {
        deadlines_.erase({*last->spec.deadline, last->id});
    }
    ++(std::holds_alternative<Error>(event) ? failed_ : finished_);
    if (on_end_) {
        on_end_({.job = *last, .end = event, .ended = Clock::now()});
    }
    if (last->sink != nullptr) {
        last->sink->deliver(last->events, event, 0);
    }
}

void Jobs::expire() {
    const auto now = Clock::now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const JobId id = deadlines_.begin()->second;
        const Target target = live_.at(id)->target;
        const bool waited = scheduler_.remove(id);
        if (!waited) {
            runner_->cancel(id);
        }
        if (Job* still = find(id)) {
            emit(*still, at_deadline(*still, waited));
        }
        if (waited) {
            runner_->job_withdrew(target);
        }
    }
    arm_deadline_timer();
}

void Jobs::arm_deadline_timer() {
    if (deadlines_.empty()) {
        deadline_timer_.cancel();
        return;
    }
    deadline_timer_.expires_at(deadlines_.begin()->first);
    deadline_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            expire();
        }
    });
}

}  // namespace threadrunner
