#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/limits.h"
#include "cli/connection.h"
#include "cli/consent.h"
#include "cli/console.h"
#include "cli/interrupts.h"
#include "cli/view.h"

namespace threadrunner::cli {

/// How a job ended for this command.
struct Ending {
    enum class How : std::uint8_t {
        done,
        interrupted,  ///< by Ctrl-C
        reader_left,  ///< nobody reads stdout any more
    };
    How how = How::done;
    event::Done done = {};
};

/// How long to wait.
struct Waits {
    /// Until the first event.
    Clock::duration first_answer = limits::first_answer_within;
    /// Until the end. The daemon knows the deadline too and reports it; this is for when it does
    /// not.
    std::optional<Clock::time_point> until = std::nullopt;
};

/// One request and its events, shown as they come. It waits for the socket, the reader of stdout,
/// the answer of a person who is asked, and Ctrl-C at once; none of them can hold up another. It
/// borrows all that it is given.
class Conversation {
public:
    Conversation(Connection& connection, Console& console, View& view, Consent& consent);

    /// Sends the request (its `id` must be 1) and shows its events. An error event of the job is an
    /// error here. When it returns early, closing the connection cancels the job.
    [[nodiscard]] Result<Ending> run(const wire::Json& request, const Waits& waits);

private:
    [[nodiscard]] Result<Ending> converse(const wire::Json& request, const Waits& waits);
    [[nodiscard]] Result<std::optional<Ending>> take_events();
    void make_way_for(const Event& event);
    [[nodiscard]] Result<std::optional<Ending>> follow_event(Event& event);
    [[nodiscard]] Result<std::optional<Ending>> follow_tool(const event::Tool& tool);
    [[nodiscard]] Result<std::optional<Ending>> follow_answer();
    [[nodiscard]] Result<std::optional<Ending>> follow_interrupt();
    [[nodiscard]] Result<std::optional<Ending>> permit(const std::string& call, bool allow);
    [[nodiscard]] Result<void> check_deadlines() const;
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const;
    void wait();

    Connection& connection_;
    Console& console_;
    View& view_;
    Consent& consent_;
    InterruptScope interrupts_;
    std::string job_;                             ///< empty until accepted
    std::int64_t next_id_ = 2;                    ///< of requests about the job
    std::optional<Clock::time_point> answer_by_;  ///< until the first event
    std::optional<Clock::time_point> until_;
    std::optional<Clock::time_point> cancelled_by_;  ///< once Ctrl-C came
};

}  // namespace threadrunner::cli
