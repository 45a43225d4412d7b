#include "worker/pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

namespace threadrunner {

Pool::Pool(boost::asio::any_io_executor executor, boost::asio::thread_pool& files, Jobs& jobs,
           const Settings& settings, std::uint64_t budget_bytes,
           std::vector<std::unique_ptr<Kind>> kinds, Spawner spawner)
    : files_(files),
      jobs_(jobs),
      settings_(settings),
      budget_(budget_bytes),
      kinds_(std::move(kinds)),
      spawner_(std::move(spawner)),
      wake_timer_(std::move(executor)) {}

const Kind* Pool::kind_named(std::string_view name) const {
    const auto found = std::find_if(kinds_.begin(), kinds_.end(),
                                    [&](const auto& kind) { return kind->name() == name; });
    return found == kinds_.end() ? nullptr : found->get();
}

Result<Target> Pool::resolve(const JobSpec& spec) {
    if (stopping_) {
        return fail(ErrorCode::unreachable, "the daemon is stopping; send the request again");
    }
    std::string known;
    for (const auto& kind : kinds_) {
        if (spec.backend == kind->backend()) {
            return kind->resolve(spec);
        }
        known += (known.empty() ? "" : ", ") + std::string(kind->backend());
    }
    return fail(ErrorCode::invalid_request,
                "unknown backend '" + spec.backend + "'; there are: " + known);
}

std::vector<std::string> Pool::backends() const {
    std::vector<std::string> names;
    for (const auto& kind : kinds_) {
        names.emplace_back(kind->backend());
    }
    return names;
}

void Pool::job_waiting(const Target& target) { feed(target); }

void Pool::job_withdrew(const Target& target) {
    if (jobs_.scheduler().waiting(target) > 0) {
        wake_at(Clock::now());  // its worker may have taken one at a time for that job's sake
        return;
    }
    leave_line(target);
    const auto found = workers_.find(target);
    if (found != workers_.end() && found->second->state() == Supervisor::State::starting) {
        log::info("daemon", "nobody waits for {} any more: its load is cancelled", target.label());
        found->second->stop(settings_.worker_stop, "not_wanted");
    }
}

void Pool::cancel(JobId id) {
    if (Supervisor* worker = worker_of(id)) {
        worker->cancel(id);
    }
}

void Pool::credit(JobId id, unsigned credits) {
    if (Supervisor* worker = worker_of(id)) {
        worker->credit(id, credits);
    }
}

Supervisor* Pool::worker_of(JobId id) const {
    const Job* job = jobs_.find(id);
    const auto found = job == nullptr ? workers_.end() : workers_.find(job->target);
    return found == workers_.end() ? nullptr : found->second.get();
}

Supervisor& Pool::worker_for(const Target& target) {
    auto& worker = workers_[target];
    if (!worker) {
        Supervisor::Observer& observer = *this;
        worker = std::make_unique<Supervisor>(wake_timer_.get_executor(), target,
                                              *kind_named(target.kind), jobs_, settings_, spawner_,
                                              observer);
    }
    return *worker;
}

/// Gives a target's worker what waits for it, starting it if need be.
void Pool::feed(const Target& target) {
    if (jobs_.scheduler().waiting(target) == 0) {
        return;
    }
    Supervisor& worker = worker_for(target);
    if (worker.state() == Supervisor::State::stopped) {
        consider_start(worker);
    }
    while (!yielding_.contains(target)) {
        // one that needs several slots waits for them at the head, or small ones would starve it
        const Job* const next = jobs_.next(target);
        if (next == nullptr || !worker.has_room_for(*next)) {
            break;
        }
        worker.run(*jobs_.take(target));
        share_cores();
    }
    wake_when_idle_ends(worker);
}

/// Two engines that compute on the same cores wait for each other all the time.
void Pool::share_cores() {
    std::vector<Supervisor*> computing;
    for (const auto& [target, worker] : workers_) {
        if (worker->busy() > 0 && worker->threads_alone() > 0) {
            computing.push_back(worker.get());
        }
    }
    for (Supervisor* worker : computing) {
        worker->tune(std::max<std::uint64_t>(1, worker->threads_alone() / computing.size()));
    }
}

void Pool::wake_when_idle_ends(const Supervisor& worker) {
    if (const auto expires = worker.expires_at()) {
        wake_at(*expires);
    }
}

void Pool::consider_start(Supervisor& worker) {
    const Target& target = worker.target();
    const auto now = Clock::now();
    if (auto wait = worker.crash_policy().refuses_for(now)) {
        jobs_.emit_waiting(
            target,
            Error{.code = ErrorCode::worker_crashed,
                  .message = "the worker " + target.label() + " crashed " +
                             std::to_string(worker.crash_policy().crashes()) +
                             " times in a row and is not started again for " +
                             format_duration(*wait) + "; the last time it " + worker.last_crash(),
                  .retry_after = wait});
        return;
    }
    if (worker.crash_policy().start_at() > now) {
        wake_at(worker.crash_policy().start_at());
        return;
    }
    if (const LaunchPlan* plan = memory_line_.plan(target)) {
        start(target, *plan);
        return;
    }
    if (!planning_.insert(target).second) {
        return;
    }
    boost::asio::post(files_, [this, target, kind = kind_named(target.kind)] {
        auto plan = kind->plan(target);
        boost::asio::post(wake_timer_.get_executor(), [this, target, plan = std::move(plan)] {
            planning_.erase(target);
            if (planning_.empty()) {
                for (const auto& then : std::exchange(between_plans_, {})) {
                    then();
                }
            }
            start(target, plan);
        });
    });
}

void Pool::between_plans(std::function<void()> then) {
    if (planning_.empty()) {
        then();
    } else {
        between_plans_.push_back(std::move(then));
    }
}

void Pool::start(const Target& target, Result<LaunchPlan> plan) {
    Supervisor& worker = worker_for(target);
    if (worker.state() != Supervisor::State::stopped) {
        return;
    }
    if (jobs_.scheduler().waiting(target) == 0) {
        forget_if_over(worker);
        return;
    }
    if (plan) {
        for (const auto& [device, bytes] : plan->device_limits) {
            budget_.set_limit(device, bytes);
        }
        if (auto checked = check_size(target, *plan); !checked) {
            plan = std::unexpected(checked.error());
        } else if (!make_room(target, plan->memory)) {
            memory_line_.join(target, *plan, Clock::now());
            settle_claim();
            return;
        }
    }
    leave_line(target);
    const auto started = plan ? worker.start(*plan) : Result<void>(std::unexpected(plan.error()));
    if (!started) {
        budget_.release(target);
        jobs_.emit_waiting(target, started.error());
        forget_if_over(worker);
    }
}

/// Refuses with the numbers what could not be started if nothing else were.
Result<void> Pool::check_size(const Target& target, const LaunchPlan& plan) const {
    const auto device = budget_.never_fits(plan.memory);
    if (!device) {
        return {};
    }
    const bool on_host = *device == host_device;
    return fail(ErrorCode::out_of_memory,
                target.label() + " needs " + format_bytes(bytes_of(plan.memory, *device)) +
                    (on_host ? "" : " on " + *device) + " (" + plan.memory_detail +
                    "), the budget of all workers is " +
                    format_bytes(bytes_of(budget_.limits(), *device)) +
                    "; take a smaller model or context (engine.context, engine.slots), or " +
                    (on_host ? "raise memory.mib" : "fewer layers there (engine.gpu_layers)"));
}

/// Forgets a stopped worker unless its crashes still count: clients may name targets without end.
/// The loop destroys it, after what it has queued: a timer of the worker may just have fired.
void Pool::forget_if_over(const Supervisor& worker) {
    if (worker.state() == Supervisor::State::stopped &&
        !worker.crash_policy().remembers(Clock::now())) {
        boost::asio::post(wake_timer_.get_executor(),
                          [gone = workers_.extract(Target(worker.target()))] {});
    }
}

/// Reserves the bytes, evicting idle workers if that helps. False: the jobs have to wait until
/// something is given back, which feeds them again.
bool Pool::make_room(const Target& target, const DeviceBytes& need) {
    const auto claimant = memory_line_.claimant(Clock::now(), settings_.worker_yield);
    if (claimant && *claimant != target) {
        return false;
    }
    if (budget_.fits(need)) {
        budget_.reserve(target, need);
        return true;
    }
    while (!budget_.fits(need, coming())) {
        Supervisor* const victim = next_victim();
        if (victim == nullptr) {
            return false;
        }
        log::info("daemon", "worker {} is evicted: {} needs {}", victim->target().label(),
                  target.label(), format_bytes(total_bytes(need)));
        victim->stop(settings_.worker_stop, "evicted");
    }
    return false;
}

/// What workers on their way out will give back.
DeviceBytes Pool::coming() const {
    DeviceBytes bytes;
    for (const auto& [target, worker] : workers_) {
        if (worker->state() == Supervisor::State::draining) {
            add(bytes, budget_.reserved(target));
        }
    }
    return bytes;
}

/// Finds out who has to yield to whom. Called whenever that may have changed.
void Pool::settle_claim() {
    for (const Target& target : memory_line_.targets()) {
        if (jobs_.scheduler().waiting(target) == 0) {
            memory_line_.leave(target);
        }
    }
    yielding_.clear();
    if (const auto claimant = memory_line_.claimant(Clock::now(), settings_.worker_yield)) {
        make_way(*claimant, memory_line_.plan(*claimant)->memory);
    } else if (const auto due = memory_line_.claim_due(settings_.worker_yield)) {
        wake_at(*due);
    }
}

/// Workers in the claimant's way take no more jobs, those loaded longest ago first and no more than
/// needed: each has had its turn.
void Pool::make_way(const Target& claimant, const DeviceBytes& need) {
    std::vector<const Supervisor*> loaded;
    for (const auto& [target, worker] : workers_) {
        if (worker->state() == Supervisor::State::ready) {
            loaded.push_back(worker.get());
        }
    }
    std::ranges::sort(loaded, {}, [](const Supervisor* worker) { return worker->ready_since(); });
    DeviceBytes free = coming();
    for (const Supervisor* worker : loaded) {
        if (budget_.fits(need, free)) {
            break;
        }
        add(free, budget_.reserved(worker->target()));
        yielding_.insert(worker->target());
        log::debug("daemon", "worker {} takes no more jobs: {} waits for its memory",
                   worker->target().label(), claimant.label());
    }
}

/// Its worker starts, or nobody waits for it any more: those who had to yield may go on.
void Pool::leave_line(const Target& target) {
    if (memory_line_.plan(target) != nullptr) {
        memory_line_.leave(target);
        settle_claim();
        wake_at(Clock::now());
    }
}

/// The idle worker whose last use is longest ago. Null when there is none yet: then the pool wakes
/// when the next has been loaded for long enough, or gets idle, or stops.
Supervisor* Pool::next_victim() {
    const auto now = Clock::now();
    Supervisor* oldest = nullptr;
    for (const auto& [target, worker] : workers_) {
        const bool wanted = jobs_.scheduler().waiting(target) > 0 && !yielding_.contains(target);
        if (!worker->idle() || wanted) {
            continue;
        }
        const auto evictable_at = worker->ready_since() + settings_.worker_evict;
        if (evictable_at > now) {
            wake_at(evictable_at);
        } else if (oldest == nullptr || worker->idle_since() < oldest->idle_since()) {
            oldest = worker.get();
        }
    }
    return oldest;
}

void Pool::worker_started(Supervisor& worker) {
    report({.what = WorkerNews::What::started, .worker = worker, .load = {}});
}

void Pool::worker_loading(Supervisor& worker, const event::Load& load) {
    report({.what = WorkerNews::What::loading, .worker = worker, .load = load});
}

void Pool::worker_ready(Supervisor& worker) {
    report({.what = WorkerNews::What::ready, .worker = worker, .load = {}});
}

void Pool::report(const WorkerNews& news) const {
    if (on_news_) {
        on_news_(news);
    }
}

void Pool::worker_has_room(Supervisor& worker) {
    feed(worker.target());
    share_cores();
    wake_when_idle_ends(worker);
    // An idle worker may be what another target's jobs wait for.
    if (worker.idle() && jobs_.scheduler().waiting() > 0) {
        wake_at(Clock::now());
    }
}

void Pool::worker_stopped(Supervisor& worker) {
    report({.what = WorkerNews::What::stopped, .worker = worker, .load = {}});
    budget_.release(worker.target());
    share_cores();
    forget_if_over(worker);
    wake_at(Clock::now());
    check_stopped();
}

/// Unloads what has been idle long enough, and tries again whatever waits.
void Pool::wake() {
    wakes_at_.reset();
    const auto now = Clock::now();
    for (const auto& [target, worker] : workers_) {
        const auto expires = worker->expires_at();
        if (expires && *expires <= now) {
            log::info("daemon", "worker {} is unloaded after {} without a request", target.label(),
                      format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(
                          now - worker->idle_since())));
            worker->stop(settings_.worker_stop, "idle");
        } else if (expires) {
            wake_at(*expires);
        }
    }
    settle_claim();
    for (const Target& target : memory_line_.targets()) {
        feed(target);
    }
    for (const Target& target : jobs_.scheduler().targets()) {
        feed(target);
    }
    for (auto it = workers_.begin(); it != workers_.end();) {
        const Supervisor& worker = *(it++)->second;
        if (jobs_.scheduler().waiting(worker.target()) == 0) {
            forget_if_over(worker);
        }
    }
}

void Pool::wake_at(Clock::time_point when) {
    if (wakes_at_ && *wakes_at_ <= when) {
        return;
    }
    wakes_at_ = when;
    wake_timer_.expires_at(when);
    wake_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            wake();
        }
    });
}

Result<std::string> Pool::unload(const JobSpec& spec) {
    auto target = resolve(spec);
    if (!target) {
        return std::unexpected(target.error());
    }
    const auto found = workers_.find(*target);
    if (found == workers_.end() || found->second->state() == Supervisor::State::stopped) {
        return fail(ErrorCode::not_found, target->label() + " is not loaded");
    }
    if (!found->second->idle()) {
        return fail(ErrorCode::conflict, target->label() + " is " +
                                             std::string(found->second->state_name()) +
                                             "; cancel its jobs or wait for them");
    }
    found->second->stop(settings_.worker_stop, "unloaded");
    return target->label();
}

std::vector<std::string> Pool::unload_idle() {
    std::vector<std::string> labels;
    for (const auto& [target, worker] : workers_) {
        if (worker->idle()) {
            labels.push_back(target.label());
            worker->stop(settings_.worker_stop, "unloaded");
        }
    }
    return labels;
}

void Pool::stop(std::chrono::milliseconds deadline, std::function<void()> stopped) {
    stopping_ = true;
    memory_line_ = {};
    on_stopped_ = std::move(stopped);
    for (const Target& target : jobs_.scheduler().targets()) {
        jobs_.emit_waiting(target,
                           Error{.code = ErrorCode::unreachable,
                                 .message = "the daemon is stopping; send the request again"});
    }
    for (const auto& [target, worker] : workers_) {
        worker->stop(worker->busy() > 0 ? deadline : settings_.worker_stop, "daemon_stops");
    }
    boost::asio::post(wake_timer_.get_executor(), [this] { check_stopped(); });
}

void Pool::kill() {
    for (const auto& [target, worker] : workers_) {
        worker->kill("was not given the time to finish");
    }
}

void Pool::check_stopped() {
    const bool all = std::all_of(workers_.begin(), workers_.end(), [](const auto& entry) {
        return entry.second->state() == Supervisor::State::stopped;
    });
    if (stopping_ && all && on_stopped_) {
        wake_timer_.cancel();
        std::exchange(on_stopped_, nullptr)();
    }
}

}  // namespace threadrunner
