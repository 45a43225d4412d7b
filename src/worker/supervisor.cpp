#include "worker/supervisor.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "wire/fields.h"

namespace threadrunner {
namespace {

/// The id of frames that serve no job: `load`, `tune`. Runs count from 1.
constexpr std::uint64_t control_id = 0;
/// Credit goes back to the worker in parcels, or a frame would answer each token.
constexpr std::int64_t credit_parcel = limits::credit_at_start / 8;

std::string_view member_text(const wire::Json& frame, const char* name) {
    const auto found = frame.find(name);
    return found != frame.end() && found->is_string()
               ? std::string_view(found->get_ref<const std::string&>())
               : std::string_view();
}

std::uint64_t member_count(const wire::Json& frame, const char* name) {
    const auto found = frame.find(name);
    // Off the wire what is not negative is unsigned; in a frame that was made here it may not be.
    const bool counts = found != frame.end() && found->is_number_integer() && *found >= 0;
    return counts ? found->get<std::uint64_t>() : 0;
}

Error error_of(const wire::Json& frame) {
    return {.code = error_code_from(member_text(frame, "code")),
            .message = std::string(member_text(frame, "message"))};
}

bool costs_credit(std::string_view event) {
    return event != "head" && event != "done" && event != "error";
}

log::Level level_of(std::string_view line) {
    for (const auto& [prefix, level] :
         {std::pair{"error:", log::Level::warn}, std::pair{"warning:", log::Level::info}}) {
        if (line.starts_with(prefix)) {
            return level;
        }
    }
    return log::Level::debug;
}

}  // namespace

Supervisor::Supervisor(boost::asio::any_io_executor executor, Target target, const Kind& kind,
                       Jobs& jobs, const Settings& settings, Spawner spawner, Observer& observer)
    : target_(std::move(target)),
      kind_(kind),
      jobs_(jobs),
      settings_(settings),
      spawner_(std::move(spawner)),
      observer_(observer),
      watch_timer_(std::move(executor)),
      crash_policy_(std::random_device()()),
      keep_alive_(settings.worker_idle) {}

Result<void> Supervisor::start(const LaunchPlan& plan) {
    load_ = plan.load;
    threads_ = threads_alone_ = plan.threads;
    meta_ = nullptr;
    context_use_.reset();
    lines_.clear();
    kill_reason_.clear();
    suspect_ = false;
    leaves_ = false;
    std::erase_if(tried_, [&](JobId id) { return jobs_.find(id) == nullptr; });
    idle_ = plan.idle;
    keep_alive_ = idle_.value_or(settings_.worker_idle);
    auto spawned = kind_.start(plan, spawner_, *this);
    if (!spawned) {
        return std::unexpected(spawned.error());
    }
    process_ = *std::move(spawned);
    state_ = State::starting;
    started_at_ = Clock::now();
    watchdog_.emplace(settings_, started_at_);
    log::info("daemon", "worker {} starts, pid {}", target_.label(), process_->pid());
    watch();
    observer_.worker_started(*this);
    return {};
}

void Supervisor::on_frame(const wire::Json& frame) {
    if (!kill_reason_.empty()) {
        return;  // an answer with a fault in its middle must not end as if it were whole
    }
    if (!frame.is_object()) {
        kill("sent a frame that is no map");
        return;
    }
    const std::string_view event = member_text(frame, "ev");
    if (event == "hello") {
        on_hello(frame);
    } else if (event == "pong") {
        watchdog_->ponged(Clock::now(), member_count(frame, "progress"));
        if (const std::uint64_t total = member_count(frame, "context_total"); total > 0) {
            context_use_ = {.used = member_count(frame, "context_used"), .total = total};
        }
    } else if (const RunId id = member_count(frame, "id"); id == control_id) {
        on_control_frame(event, frame);
    } else {
        on_run_frame(id, event, frame);
    }
}

void Supervisor::on_hello(const wire::Json& frame) {
    watchdog_->greeted(Clock::now());
    if (member_count(frame, "v") != 1) {
        kill("speaks version " + std::to_string(member_count(frame, "v")) +
             " of the worker protocol, not 1: the installed programs do not belong together");
        return;
    }
    if (state_ != State::starting) {
        return;
    }
    if (!load_) {
        become_ready(member_count(frame, "slots"));
        return;
    }
    wire::Json load = *load_;
    load["op"] = "load";
    load["id"] = control_id;
    process_->send(load);
}

void Supervisor::on_control_frame(std::string_view event, const wire::Json& frame) {
    if (state_ != State::starting) {
        return;
    }
    if (event == "load") {
        wire::Fields fields(frame, "the worker's frame");
        const event::Load load{.stage = fields.text("stage").value_or("model"),
                               .fraction = fields.number("fraction", 0, 1).value_or(0),
                               .done_bytes = fields.integer("done_bytes", 0),
                               .total_bytes = fields.integer("total_bytes", 0)};
        jobs_.emit_waiting(target_, load);
        observer_.worker_loading(*this, load);
    } else if (event == "done") {
        const auto meta = frame.find("meta");
        meta_ = meta == frame.end() ? wire::Json() : *meta;
        become_ready(member_count(frame, "slots"));
    } else if (event == "error") {
        const Error error = error_of(frame);
        log::warn("daemon", "worker {} could not load: {}", target_.label(), error.message);
        stop(settings_.worker_stop, "load_failed");
        jobs_.emit_waiting(target_, error);
    }
}

void Supervisor::become_ready(std::size_t slots) {
    if (slots == 0 || slots > limits::worker_slots_max) {
        kill("offers " + std::to_string(slots) + " slots");
        return;
    }
    slots_.assign(slots, false);
    state_ = State::ready;
    if (kind_.restart_rules(settings_).forgiven_when_ready) {
        crash_policy_.forgive();
    }
    ready_since_ = idle_since_ = Clock::now();
    log::info("daemon", "worker {} is ready with {} slots", target_.label(), slots);
    observer_.worker_ready(*this);
    observer_.worker_has_room(*this);
}

bool Supervisor::has_room_for(const Job& job) const {
    if (state_ != State::ready || suspect_ || !kill_reason_.empty()) {
        return false;
    }
    if (on_trial()) {
        return runs_.empty();
    }
    // one that is too wide for it whatever comes free is taken, and told so
    const std::size_t wanted = work_slots(job.spec.work);
    return busy() < slots_.size() && (busy() + wanted <= slots_.size() || wanted > slots_.size());
}

/// The lowest that are free, which is how llama.cpp chooses them for further answers.
std::vector<std::size_t> Supervisor::lease(std::size_t slots) {
    std::vector<std::size_t> out;
    for (std::size_t slot = 0; slot < slots_.size() && out.size() < slots; ++slot) {
        if (!slots_[slot]) {
            slots_[slot] = true;
            out.push_back(slot);
        }
    }
    return out;
}

bool Supervisor::on_trial() const {
    return std::any_of(tried_.begin(), tried_.end(),
                       [&](JobId id) { return jobs_.find(id) != nullptr; });
}

/// One that has spoken will not be queued again: there is nothing left to find out for the others.
bool Supervisor::passes_trial(JobId id) {
    const Job* const job = tried_.contains(id) ? jobs_.find(id) : nullptr;
    return job != nullptr && job->spoke && tried_.erase(id) > 0;
}

void Supervisor::run(Job& job) {
    keep_alive_ = job.spec.keep_alive.value_or(idle_.value_or(settings_.worker_idle));
    auto exchange = kind_.exchange(job);
    if (!exchange) {
        idle_since_ = Clock::now();
        jobs_.emit(job, event::Done{.result = {{"meta", meta_},
                                               {"slots", slots_.size()},
                                               {"threads", threads_alone_}}});
        return;
    }
    const std::size_t wanted = work_slots(job.spec.work);
    if (wanted > slots_.size()) {
        jobs_.emit(
            job, Error{.code = ErrorCode::invalid_request,
                       .message = target_.label() + " can write " + std::to_string(slots_.size()) +
                                  " answers at once, not " + std::to_string(wanted) +
                                  "; ask for fewer, or raise engine.slots"});
        return;
    }
    std::vector<std::size_t> slots = lease(wanted);
    if (runs_.empty()) {
        watchdog_->excused(Clock::now());
    }
    const RunId id = ++last_run_;
    wire::Json request = exchange->request();
    request["id"] = id;
    request["slot"] = slots.front();
    if (slots.size() > 1) {
        request["answers"] = slots.size();
    }
    run_of_job_[job.id] = id;
    runs_.emplace(id, Run{.job = job.id,
                          .exchange = std::move(exchange),
                          .slots = std::move(slots),
                          .credit = limits::credit_at_start});
    process_->send(request);
}

void Supervisor::on_run_frame(RunId id, std::string_view event, const wire::Json& frame) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) {
        kill("sent an event for a job that it does not have");
        return;
    }
    Run& run = found->second;
    const bool costs = costs_credit(event);
    if (costs && --run.credit < 0) {
        kill("sent more events than its credit allows");
        return;
    }
    events_.clear();
    run.exchange->receive(frame, events_);
    const bool ends = event == "done" || event == "error";
    const JobId job_id = run.job;
    if (ends) {
        finish_run(id);
        if (Job* const job = jobs_.find(job_id); job != nullptr && gave_up(*job, events_)) {
            see_leaving();
            give_back(*job);
            return;
        }
    }
    // The event's credit rides on the last of what it became, and comes back at once if that is
    // nothing, or nobody listens any more.
    bool carried = false;
    for (std::size_t i = 0; i < events_.size(); ++i) {
        Job* const job = jobs_.find(job_id);
        if (job == nullptr) {
            break;
        }
        carried = costs && i + 1 == events_.size();
        jobs_.emit(*job, as_asked_for(*job, std::move(events_[i])), carried ? 1 : 0);
    }
    if (costs && !carried) {
        credit(job_id, 1);
    }
    if (ends || passes_trial(job_id)) {
        observer_.worker_has_room(*this);
    }
}

/// A worker that somebody else ends cancels what it has.
bool Supervisor::gave_up(const Job& job, const std::vector<Event>& events) const {
    const auto* done = events.empty() ? nullptr : std::get_if<event::Done>(&events.back());
    return !job.cancelled && done != nullptr && done->reason == event::Reason::cancelled &&
           (state_ != State::draining || leaves_);
}

void Supervisor::see_leaving() {
    if (!std::exchange(leaves_, true)) {
        log::warn("daemon", "worker {} ends, and not by our doing", target_.label());
        state_ = State::draining;
        terminate_at_ = Clock::now() + settings_.worker_stop;
        terminated_ = false;
    }
}

/// A job that such a worker leaves behind goes to the next one, unless it has spoken.
void Supervisor::give_back(Job& job) {
    if (job.spoke || ++job.crashes >= limits::crashes_until_poison) {
        jobs_.emit(job, stopped_too_early());
    } else {
        jobs_.requeue(job);
    }
}

/// A cancelled job ends as cancelled whatever its worker says of it, and no other does: a worker
/// that has to end cancels what it has, which its clients did not ask for.
Event Supervisor::as_asked_for(const Job& job, Event event) const {
    const auto* done = std::get_if<event::Done>(&event);
    const bool says_cancelled = done != nullptr && done->reason == event::Reason::cancelled;
    if (job.cancelled && std::holds_alternative<Error>(event)) {
        return event::Done{.reason = event::Reason::cancelled};
    }
    if (!job.cancelled && says_cancelled) {
        return stopped_too_early();
    }
    return event;
}

Error Supervisor::stopped_too_early() const {
    return {
        .code = ErrorCode::unreachable,
        .message = "the worker " + target_.label() + " was stopped before the job was finished"};
}

void Supervisor::finish_run(RunId id) {
    const auto found = runs_.find(id);
    for (const std::size_t slot : found->second.slots) {
        slots_[slot] = false;
    }
    const Job* const job = jobs_.find(found->second.job);
    const bool was_wanted = job != nullptr && !job->cancelled;
    run_of_job_.erase(found->second.job);
    tried_.erase(found->second.job);
    runs_.erase(found);
    // one that was given up says nothing of how the worker fares with whole jobs
    if (was_wanted && !kind_.restart_rules(settings_).forgiven_when_ready) {
        crash_policy_.forgive();
    }
    if (runs_.empty()) {
        idle_since_ = Clock::now();
        if (state_ == State::draining) {
            terminate_at_ = std::min(terminate_at_, idle_since_ + settings_.worker_stop);
        }
    }
}

void Supervisor::cancel(JobId id) {
    if (const auto found = run_of_job_.find(id); found != run_of_job_.end()) {
        process_->send({{"op", "cancel"}, {"id", found->second}});
    }
}

void Supervisor::credit(JobId id, unsigned credits) {
    const auto found = run_of_job_.find(id);
    if (found == run_of_job_.end()) {
        return;
    }
    Run& run = runs_.at(found->second);
    run.credit_held += credits;
    if (run.credit_held < credit_parcel) {
        return;
    }
    if (run.credit <= 0) {
        watchdog_->excused(Clock::now());
    }
    run.credit += run.credit_held;
    process_->send({{"op", "credit"}, {"id", found->second}, {"n", run.credit_held}});
    run.credit_held = 0;
}

void Supervisor::tune(std::uint64_t threads) {
    if (process_ && std::exchange(threads_, threads) != threads) {
        process_->send({{"op", "tune"}, {"id", control_id}, {"threads", threads}});
    }
}

void Supervisor::stop(std::chrono::milliseconds deadline, std::string_view why) {
    if (state_ == State::stopped || state_ == State::draining) {
        return;
    }
    if (state_ == State::starting) {
        process_->send({{"op", "cancel"}, {"id", control_id}});
    }
    state_ = State::draining;
    stopped_because_ = why;
    terminate_at_ = Clock::now() + deadline;
    terminated_ = false;
    process_->send({{"op", "shutdown"}, {"deadline_ms", deadline.count()}});
}

void Supervisor::on_log_line(std::string_view line) {
    lines_.emplace_back(line);
    if (lines_.size() > limits::stderr_lines_kept) {
        lines_.pop_front();
    }
    const log::Level level = level_of(line);
    log::write(level, target_.kind, "{}", line);
}

void Supervisor::on_exit(const ExitStatus& status) {
    const bool crashed = state_ != State::draining;
    ExitStatus end = status;
    if (end.fault.empty()) {
        end.fault = kill_reason_;
    }
    if (crashed && !end.is_crash) {
        stopped_because_ = "interrupted";
        log::info("daemon", "worker {} {}", target_.label(), end.describe());
    } else if (crashed) {
        stopped_because_ = "crashed";
        crash_policy_.crashed(Clock::now(), kind_.restart_rules(settings_));
        last_crash_ = end.describe() + last_lines();
        log::error("daemon", "worker {} {}", target_.label(), end.describe());
    } else {
        log::info("daemon", "worker {} stopped: it {}", target_.label(), end.describe());
    }
    watch_timer_.cancel();
    process_.reset();
    const auto orphans = std::exchange(runs_, {});
    run_of_job_.clear();
    slots_.clear();
    const bool was_draining = std::exchange(state_, State::stopped) == State::draining;
    // Requeued jobs go to the front, so the last must go first.
    for (auto it = orphans.rbegin(); it != orphans.rend(); ++it) {
        if (Job* job = jobs_.find(it->second.job)) {
            if (!was_draining || job->cancelled) {
                settle(*job, it->first, end);
            } else if (leaves_) {
                give_back(*job);
            } else {
                jobs_.emit(*job, stopped_too_early());
            }
        }
    }
    observer_.worker_stopped(*this);
}

/// What becomes of a job whose worker crashed under it.
void Supervisor::settle(Job& job, RunId run, const ExitStatus& status) {
    if (job.cancelled) {
        jobs_.emit(job, event::Done{.reason = event::Reason::cancelled});
        return;
    }
    if (status.begun && !status.begun->contains(run) && !job.spoke) {
        jobs_.requeue(job);  // whatever happened, it had no part in it
        return;
    }
    if (status.verdict) {
        jobs_.emit(job, *status.verdict);
        return;
    }
    ++job.crashes;
    const bool poison = job.crashes >= limits::crashes_until_poison;
    if (!job.spoke && !poison) {
        tried_.insert(job.id);
        jobs_.requeue(job);
        return;
    }
    jobs_.emit(job, Error{.code = ErrorCode::worker_crashed,
                          .message = "the worker " + target_.label() + " " + status.describe() +
                                     (poison ? "; this job was under way in " +
                                                   std::to_string(job.crashes) +
                                                   " crashes and is not tried again"
                                             : " while it answered; send the request again") +
                                     last_lines()});
}

std::string Supervisor::last_lines() const {
    std::string out;
    for (const std::string& line : lines_) {
        out += "\n  " + line;
    }
    return out.empty() ? out : "; its last lines:" + out;
}

void Supervisor::watch() {
    const auto planned = Clock::now() + settings_.worker_ping;
    watch_timer_.expires_at(planned);
    watch_timer_.async_wait([this, planned](const boost::system::error_code& cancelled) {
        if (cancelled || !process_) {
            return;
        }
        const auto now = Clock::now();
        if (now - planned > settings_.worker_suspect) {
            watchdog_->slept(now);
        }
        state_ == State::draining ? check_draining(now) : check_health(now);
        watch();
    });
}

/// Whether something is under way that does not wait for its client. One whose end is overdue
/// (cancelled, or past its deadline) waits for nobody.
bool Supervisor::owes_progress() const {
    return state_ == State::starting ||
           std::any_of(runs_.begin(), runs_.end(), [&](const auto& entry) {
               const Job* job = jobs_.find(entry.second.job);
               return entry.second.credit > 0 || job == nullptr || job->cancelled;
           });
}

void Supervisor::check_health(Clock::time_point now) {
    const bool owes = owes_progress();
    if (!owes) {
        watchdog_->excused(now);
    }
    if (auto fault = watchdog_->fault(now, owes)) {
        kill(*std::move(fault));
        return;
    }
    const bool was_suspect = std::exchange(suspect_, watchdog_->suspect(now));
    if (suspect_ && !was_suspect) {
        log::warn("daemon", "worker {} does not answer: no new work for it", target_.label());
    }
    process_->send({{"op", "ping"}, {"t", now.time_since_epoch().count()}});
    if (was_suspect && !suspect_) {
        observer_.worker_has_room(*this);
    }
}

void Supervisor::check_draining(Clock::time_point now) {
    if (!terminated_ && now >= terminate_at_) {
        terminated_ = true;
        terminate_at_ = now;  // a loop that was held up owes it the whole time after the question
        process_->signal(SIGTERM);
    } else if (terminated_ && now >= terminate_at_ + settings_.worker_kill) {
        process_->signal(SIGKILL);
    }
}

void Supervisor::kill(std::string reason) {
    if (!process_) {
        return;
    }
    if (kill_reason_.empty()) {
        log::warn("daemon", "worker {} {}: killing it", target_.label(), reason);
        kill_reason_ = std::move(reason);
    }
    process_->signal(SIGKILL);
}

std::optional<Clock::time_point> Supervisor::expires_at() const {
    if (!idle() || keep_alive_ == std::chrono::milliseconds::max()) {
        return std::nullopt;
    }
    return idle_since_ + keep_alive_;
}

std::string_view Supervisor::state_name() const {
    switch (state_) {
        case State::starting:
            return "starting";
        case State::ready:
            return runs_.empty() ? "ready" : "busy";
        case State::draining:
            return "draining";
        case State::stopped:
            break;
    }
    return crash_policy_.refuses_for(Clock::now()) ? "failed" : "stopped";
}

}  // namespace threadrunner
