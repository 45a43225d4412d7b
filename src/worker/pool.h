#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "job/jobs.h"
#include "worker/budget.h"
#include "worker/memory_line.h"
#include "worker/supervisor.h"

namespace threadrunner {

/// What befell a worker, for whoever watches.
struct WorkerNews {
    enum class What : std::uint8_t { started, loading, ready, stopped };

    What what;
    const Supervisor& worker;
    event::Load load;  ///< how far it is, while it loads
};

/// Owns the workers and leases their slots. It pulls a job when it has a free slot for its target,
/// so no second queue hides inside a worker and the order stays the scheduler's. It starts workers
/// as the budget allows, evicts idle ones, stops those that nobody used for their idle time, and
/// shares the cores out among those that compute.
class Pool : public Runner, private Supervisor::Observer {
public:
    /// `files` is where plans are made: they read the disk. It is joined before the pool goes.
    Pool(boost::asio::any_io_executor executor, boost::asio::thread_pool& files, Jobs& jobs,
         const Settings& settings, std::uint64_t budget_bytes,
         std::vector<std::unique_ptr<Kind>> kinds, Spawner spawner);

    using NewsObserver = std::function<void(const WorkerNews&)>;
    /// Is told what befalls the workers, after it did.
    void set_news_observer(NewsObserver observer) { on_news_ = std::move(observer); }

    // Runner:
    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) override;
    void job_waiting(const Target& target) override;
    void job_withdrew(const Target& target) override;
    void cancel(JobId id) override;
    void credit(JobId id, unsigned credits) override;

    /// Stops the idle worker that a job like `spec` would use; its label. One that is busy is a
    /// conflict, one that does not run is not_found.
    [[nodiscard]] Result<std::string> unload(const JobSpec& spec);
    /// Stops every idle worker; their labels.
    std::vector<std::string> unload_idle();

    /// Takes no new jobs, ends the waiting ones, gives those under way until the deadline; then
    /// `stopped` is called, once every process is gone.
    void stop(std::chrono::milliseconds deadline, std::function<void()> stopped);
    /// Ends every process at once.
    void kill();

    /// Calls a function once, at a moment when no plan is being made: plans read the settings on
    /// another thread. At once, or on the loop when the last one is there.
    void between_plans(std::function<void()> then);

    /// Every `backend` that a job may ask for.
    [[nodiscard]] std::vector<std::string> backends() const;
    /// Whether a job waits for this target.
    [[nodiscard]] bool waits(const Target& target) const {
        return jobs_.scheduler().waiting(target) > 0;
    }

    [[nodiscard]] const Budget& budget() const { return budget_; }
    /// Whose jobs wait until there is memory for their worker.
    [[nodiscard]] const MemoryLine& memory_line() const { return memory_line_; }
    [[nodiscard]] const std::map<Target, std::unique_ptr<Supervisor>>& workers() const {
        return workers_;
    }

private:
    void worker_started(Supervisor& worker) override;
    void worker_loading(Supervisor& worker, const event::Load& load) override;
    void worker_ready(Supervisor& worker) override;
    void worker_has_room(Supervisor& worker) override;
    void worker_stopped(Supervisor& worker) override;

    [[nodiscard]] const Kind* kind_named(std::string_view name) const;
    Supervisor& worker_for(const Target& target);
    [[nodiscard]] Supervisor* worker_of(JobId id) const;
    void feed(const Target& target);
    void consider_start(Supervisor& worker);
    void start(const Target& target, Result<LaunchPlan> plan);
    [[nodiscard]] Result<void> check_size(const Target& target, const LaunchPlan& plan) const;
    [[nodiscard]] bool make_room(const Target& target, const DeviceBytes& need);
    [[nodiscard]] Supervisor* next_victim();
    [[nodiscard]] DeviceBytes coming() const;
    void settle_claim();
    void make_way(const Target& claimant, const DeviceBytes& need);
    void leave_line(const Target& target);
    void share_cores();
    void wake_when_idle_ends(const Supervisor& worker);
    void forget_if_over(const Supervisor& worker);
    void wake();
    void wake_at(Clock::time_point when);
    void check_stopped();
    void report(const WorkerNews& news) const;

    boost::asio::thread_pool& files_;
    Jobs& jobs_;
    const Settings& settings_;
    Budget budget_;
    std::vector<std::unique_ptr<Kind>> kinds_;
    Spawner spawner_;
    boost::asio::steady_timer wake_timer_;
    std::optional<Clock::time_point> wakes_at_;
    std::map<Target, std::unique_ptr<Supervisor>> workers_;
    std::set<Target> planning_;  ///< a plan is being made for each of them
    MemoryLine memory_line_;
    std::set<Target> yielding_;  ///< their workers take no more jobs, for the claimant's sake
    std::vector<std::function<void()>> between_plans_;
    std::function<void()> on_stopped_;
    NewsObserver on_news_;
    bool stopping_ = false;
};

}  // namespace threadrunner
