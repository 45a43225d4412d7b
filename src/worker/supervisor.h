#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"
#include "job/jobs.h"
#include "worker/crash_policy.h"
#include "worker/kind.h"
#include "worker/process.h"
#include "worker/watchdog.h"

namespace threadrunner {

/// One worker over all its lives: starts its process, feeds it, watches it, stops it, and settles
/// the jobs of one that crashed. It serves every kind; what differs is in the Kind. It decides
/// nothing about memory or about who runs next: that is the pool, its observer.
///
///     stopped -> starting -> ready -> draining -> stopped        (a crash: any -> stopped)
class Supervisor : private Process::Observer {
public:
    enum class State : std::uint8_t { stopped, starting, ready, draining };

    class Observer {
    public:
        Observer() = default;
        Observer(const Observer&) = delete;
        Observer& operator=(const Observer&) = delete;
        virtual ~Observer() = default;

        /// Its process runs, and it is getting ready.
        virtual void worker_started(Supervisor& worker) = 0;
        /// Its load has got so far.
        virtual void worker_loading(Supervisor& worker, const event::Load& load) = 0;
        /// It is ready; worker_has_room() follows.
        virtual void worker_ready(Supervisor& worker) = 0;
        /// It became ready, or a slot came free, or it is trusted again.
        virtual void worker_has_room(Supervisor& worker) = 0;
        /// Its process is gone and its jobs are settled. It must outlive what the loop has queued:
        /// a timer of its may just have fired.
        virtual void worker_stopped(Supervisor& worker) = 0;
    };

    Supervisor(boost::asio::any_io_executor executor, Target target, const Kind& kind, Jobs& jobs,
               const Settings& settings, Spawner spawner, Observer& observer);
    ~Supervisor() override = default;

    /// Starts a stopped worker. An error means that nothing was started.
    [[nodiscard]] Result<void> start(const LaunchPlan& plan);

    /// Gives it a running job; it must accept_work(). A job that only wants it ready ends here.
    void run(Job& job);
    void cancel(JobId id);
    void credit(JobId id, unsigned credits);
    /// How many cores it may compute on from its next batch on.
    void tune(std::uint64_t threads);

    /// Lets jobs under way finish until the deadline, then ends the process, first asking, then
    /// not. What is left of the jobs ends as unreachable.
    /// `why` is a word for those who watch: "idle"; it must outlive the worker.
    void stop(std::chrono::milliseconds deadline, std::string_view why);

    /// Ends the process at once; the reason is for its jobs and the log.
    void kill(std::string reason);

    [[nodiscard]] State state() const { return state_; }
    /// "stopped", "starting", "ready", "busy", "draining", "failed".
    [[nodiscard]] std::string_view state_name() const;
    [[nodiscard]] const Target& target() const { return target_; }
    [[nodiscard]] const CrashPolicy& crash_policy() const { return crash_policy_; }
    /// What the last crash said of itself, its last lines included.
    [[nodiscard]] const std::string& last_crash() const { return last_crash_; }
    /// Whether run() may be called with the job. After a crash it takes one job at a time until
    /// those that were under way have ended or spoken, so that the next crash shows whose it was
    /// and hurts nobody else.
    [[nodiscard]] bool has_room_for(const Job& job) const;
    [[nodiscard]] bool idle() const { return state_ == State::ready && runs_.empty(); }
    [[nodiscard]] std::size_t slots() const { return slots_.size(); }
    /// Slots that jobs have.
    [[nodiscard]] std::size_t busy() const {
        return static_cast<std::size_t>(std::ranges::count(slots_, true));
    }
    [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : 0; }
    [[nodiscard]] const wire::Json& meta() const { return meta_; }
    /// Tokens that its contexts hold, of how many they can; nothing: it does not tell.
    struct ContextUse {
        std::uint64_t used = 0;
        std::uint64_t total = 0;
    };
    [[nodiscard]] const std::optional<ContextUse>& context_use() const { return context_use_; }
    /// Cores that it computes on if it computes alone; 0: it does not compute itself.
    [[nodiscard]] std::uint64_t threads_alone() const { return threads_alone_; }
    /// Cores that it was last told to compute on.
    [[nodiscard]] std::uint64_t threads() const { return threads_; }
    /// When its process was started.
    [[nodiscard]] Clock::time_point started_at() const { return started_at_; }
    /// Why its last process ended: what stop() was told, or "crashed".
    [[nodiscard]] std::string_view stopped_because() const { return stopped_because_; }
    [[nodiscard]] Clock::time_point ready_since() const { return ready_since_; }
    [[nodiscard]] Clock::time_point idle_since() const { return idle_since_; }
    /// When it may be unloaded if nothing more comes; nothing: busy, or never.
    [[nodiscard]] std::optional<Clock::time_point> expires_at() const;

private:
    /// A job on this worker. Its Job may have ended already (a deadline): the slot is ours until
    /// the worker lets go.
    struct Run {
        JobId job = 0;
        std::unique_ptr<Exchange> exchange;
        std::vector<std::size_t> slots;  ///< leased to it
        std::int64_t credit = 0;         ///< events that the worker may still send
        std::int64_t credit_held = 0;    ///< given back by the door, not yet passed on
    };
    using RunId = std::uint64_t;

    void on_frame(const wire::Json& frame) override;
    void on_log_line(std::string_view line) override;
    void on_exit(const ExitStatus& status) override;

    void on_hello(const wire::Json& frame);
    void on_control_frame(std::string_view event, const wire::Json& frame);
    void on_run_frame(RunId id, std::string_view event, const wire::Json& frame);
    void become_ready(std::size_t slots);
    [[nodiscard]] std::vector<std::size_t> lease(std::size_t slots);
    [[nodiscard]] bool on_trial() const;
    [[nodiscard]] bool passes_trial(JobId id);
    [[nodiscard]] bool gave_up(const Job& job, const std::vector<Event>& events) const;
    void see_leaving();
    void give_back(Job& job);
    [[nodiscard]] Event as_asked_for(const Job& job, Event event) const;
    [[nodiscard]] Error stopped_too_early() const;
    void finish_run(RunId id);
    void settle(Job& job, RunId run, const ExitStatus& status);
    [[nodiscard]] std::string last_lines() const;

    void watch();
    [[nodiscard]] bool owes_progress() const;
    void check_health(Clock::time_point now);
    void check_draining(Clock::time_point now);

    Target target_;
    const Kind& kind_;
    Jobs& jobs_;
    const Settings& settings_;
    Spawner spawner_;
    Observer& observer_;
    boost::asio::steady_timer watch_timer_;
    CrashPolicy crash_policy_;

    State state_ = State::stopped;
    std::unique_ptr<Process> process_;
    std::optional<wire::Json> load_;
    std::optional<Watchdog> watchdog_;
    std::map<RunId, Run> runs_;
    std::map<JobId, RunId> run_of_job_;
    std::vector<bool> slots_;  ///< true: taken
    RunId last_run_ = 0;
    wire::Json meta_;
    std::optional<ContextUse> context_use_;  ///< as of its last pong
    std::uint64_t threads_alone_ = 0;
    std::uint64_t threads_ = 0;
    std::vector<Event> events_;      ///< of the frame at hand; kept for its capacity
    std::deque<std::string> lines_;  ///< the last that it wrote on stderr
    std::string kill_reason_;
    std::string last_crash_;
    bool suspect_ = false;
    std::set<JobId> tried_;  ///< were under way in a crash and are tried again
    bool leaves_ = false;    ///< draining, and not by our doing
    std::optional<std::chrono::milliseconds> idle_;  ///< how long it stays, by its plan
    std::chrono::milliseconds keep_alive_;
    std::string_view stopped_because_;
    Clock::time_point started_at_{};
    Clock::time_point ready_since_{};
    Clock::time_point idle_since_{};
    Clock::time_point terminate_at_{};  ///< draining: SIGTERM; settings.worker_kill later SIGKILL
    bool terminated_ = false;           ///< draining: SIGTERM was sent
};

}  // namespace threadrunner
