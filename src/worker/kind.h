#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job/job.h"
#include "wire/event.h"
#include "worker/budget.h"
#include "worker/crash_policy.h"
#include "worker/process.h"

namespace threadrunner {

/// What it takes to start a worker.
struct LaunchPlan {
    Command command;
    /// Members of the `load` frame that makes it ready; none: it is ready once it has greeted.
    std::optional<wire::Json> load;
    DeviceBytes memory;         ///< reserved in the budget while it lives
    DeviceBytes device_limits;  ///< how much of devices besides the host there is, if it uses any
    std::string memory_detail;  ///< what `memory` is made of, for the refusal
    /// How long it stays without work, unless a job says; none: worker.idle.
    std::optional<std::chrono::milliseconds> idle = std::nullopt;
    /// Cores that it computes on if it computes alone; 0: none to speak of, it is never tuned.
    std::uint64_t threads = 0;
};

/// One job's dialogue with its worker: what to send, and what the answers mean.
class Exchange {
public:
    Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    virtual ~Exchange() = default;

    /// The members of the frame that asks for the work; the supervisor adds `id` and `slot`.
    [[nodiscard]] virtual wire::Json request() const = 0;

    /// Appends what one frame of the worker means to `out`. The worker's `done` and `error` frames,
    /// and only they, yield an event that ends the job.
    virtual void receive(const wire::Json& frame, std::vector<Event>& out) = 0;
};

/// Teaches the pool one sort of worker. Stateless but for settings; called on the event loop but
/// for plan(), which is called on a thread for files.
class Kind {
public:
    Kind() = default;
    Kind(const Kind&) = delete;
    Kind& operator=(const Kind&) = delete;
    virtual ~Kind() = default;

    /// What targets of this kind call it ("engine"), and the `backend` that asks for it ("llama").
    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual std::string_view backend() const = 0;

    /// Which worker the job needs. Errors here end the job before it waits: an unknown model, say.
    [[nodiscard]] virtual Result<Target> resolve(const JobSpec& spec) const = 0;

    /// How to start that worker; faults that are known before a spawn are errors here.
    [[nodiscard]] virtual Result<LaunchPlan> plan(const Target& target) const = 0;

    /// Starts the worker of a plan; called on the event loop. Workers that speak frames are left to
    /// the spawner; a kind whose workers speak something else puts a Process of its own in front.
    [[nodiscard]] virtual Result<std::unique_ptr<Process>> start(
        const LaunchPlan& plan, const Spawner& spawner, Process::Observer& observer) const {
        return spawner(plan.command, observer);
    }

    /// What its workers' crashes mean.
    [[nodiscard]] virtual RestartRules restart_rules(const Settings& settings) const {
        return RestartRules::from(settings);
    }

    /// The dialogue for a job; null when a ready worker is all that was asked for (work::Load).
    [[nodiscard]] virtual std::unique_ptr<Exchange> exchange(const Job& job) const = 0;
};

}  // namespace threadrunner
