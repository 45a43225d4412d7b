#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "job/journal.h"
#include "job/offer.h"
#include "job/work.h"
#include "wire/event.h"

namespace threadrunner {

using Clock = std::chrono::steady_clock;

/// Unique over the daemon's life, from 1.
using JobId = std::uint64_t;

/// The id as clients see it ("j17"), and back; nothing for any other text.
[[nodiscard]] std::string job_name(JobId id);
[[nodiscard]] std::optional<JobId> job_id_from(std::string_view name);

/// Interactive jobs go before batch jobs, by weight (limits::interactive_weight).
enum class Priority : std::uint8_t { interactive, batch };

/// Which worker a job needs: the kind that knows how, and what it is to serve ("engine" and a
/// model's path). Jobs with equal targets share a queue and a worker.
struct Target {
    std::string kind;
    std::string name;
    std::string profile;  ///< a way of loading `name`, for kinds that have several

    auto operator<=>(const Target&) const = default;

    /// For people: "engine:gemma.gguf" or "engine:gemma.gguf#embed".
    [[nodiscard]] std::string label() const;
};

/// What a door hands in.
struct JobSpec {
    std::string backend;  ///< empty: the daemon's default
    std::string model;    ///< empty: the backend's default
    Work work;
    std::string owner;  ///< who shares fairly with whom
    Priority priority = Priority::interactive;
    std::optional<Clock::time_point> deadline;
    std::optional<std::chrono::milliseconds> keep_alive;  ///< how long its worker stays after it
    std::optional<JobId> parent;  ///< a child inherits owner, deadline and cancellation
    bool detached = false;        ///< goes on when its client leaves
    Offers offers = {};           ///< tools of ours that the model may call
};

/// Where a job's events go: a door's stream for one request. Called on the event loop.
class EventSink {
public:
    EventSink() = default;
    EventSink(const EventSink&) = delete;
    EventSink& operator=(const EventSink&) = delete;
    virtual ~EventSink() = default;

    /// Takes one event; `seq` counts from 1. When its bytes have left, the sink gives `credits`
    /// back to Jobs::credit(). After an event that ends the job the sink is not called again and
    /// may be destroyed, also from within this call.
    virtual void deliver(std::uint64_t seq, const Event& event, unsigned credits) = 0;
};

/// One unit of work on its way. Owned by Jobs.
struct Job {
    enum class State : std::uint8_t { waiting, running };

    JobId id = 0;
    JobSpec spec;
    Target target;
    State state = State::waiting;
    EventSink* sink = nullptr;         ///< none: nobody listens any more
    std::unique_ptr<Journal> journal;  ///< of a detached job: what it said, for who attaches later
    std::uint64_t events = 0;          ///< delivered so far, the last one's seq
    bool spoke = false;  ///< has sent something that cannot be taken back: text, a value
    bool cancelled = false;
    int crashes = 0;  ///< of workers while this job was under way
    Clock::time_point created;
    Clock::time_point started;
};

}  // namespace threadrunner
