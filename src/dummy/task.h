#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/limits.h"
#include "dummy/options.h"
#include "dummy/outbox.h"

namespace threadrunner::dummy {

using Clock = std::chrono::steady_clock;

/// What the process is to do to itself once everything before it has been sent.
enum class Fault : std::uint8_t { crash, freeze, garbage };

/// Where a task stands after a turn.
struct Step {
    enum class State : std::uint8_t {
        ready,  ///< there is more to send now
        waits,  ///< for `until`, or for credit where there is none
        ended,  ///< its last event is sent
    };
    State state = State::ended;
    std::optional<Clock::time_point> until = std::nullopt;
    std::optional<Fault> fault = std::nullopt;
    bool got_on = false;  ///< something was done: a pong's progress
};

/// A job under way. It never waits itself: a turn sends what is due and what the credit pays for,
/// and says when the next one makes sense. That is how one thread serves every job and still
/// answers pings.
class Task {
public:
    explicit Task(std::int64_t id) : id_(id) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual ~Task() = default;

    /// Sends what is due at `now`, about `events_max` events at most.
    [[nodiscard]] virtual Step advance(Clock::time_point now, std::size_t events_max,
                                       Outbox& outbox) = 0;
    /// Sends its last event, done{cancelled}. The task is over.
    virtual void cancel(Outbox& outbox) = 0;
    /// The slot it holds; none for tasks that need no slot.
    [[nodiscard]] virtual std::optional<std::int64_t> slot() const { return std::nullopt; }

    void add_credit(std::int64_t events) { credit_ += events; }

protected:
    [[nodiscard]] std::int64_t id() const { return id_; }
    [[nodiscard]] bool has_credit() const { return credit_ > 0; }
    void spend_credit() { --credit_; }

private:
    std::int64_t id_;
    std::int64_t credit_ = limits::credit_at_start;
};

}  // namespace threadrunner::dummy
