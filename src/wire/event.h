#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner {

/// What a job says while it lives. Every door renders the same events in its own format; a job ends
/// with exactly one Done or Error. Fields and names are those of socket v2.
namespace event {

struct Accepted {
    std::string job;  ///< unique over the daemon's life
};

struct Queued {
    std::uint64_t position = 0;  ///< jobs before it, from 1
};

struct Load {
    std::string stage;
    double fraction = 0;                                     ///< 0 to 1
    std::optional<std::int64_t> done_bytes = std::nullopt;   ///< of what is fetched or compared
    std::optional<std::int64_t> total_bytes = std::nullopt;  ///< none: not known
};

/// Progress of reading the prompt, in tokens.
struct Prompt {
    std::int64_t done = 0;
    std::int64_t total = 0;
    std::int64_t cached = 0;  ///< of done, those that were warm already
};

struct Reasoning {
    std::string text;
};

/// Text is always valid UTF-8.
struct Token {
    std::string text;
    wire::Json logprobs = nullptr;
};

struct ToolCall {
    std::string name;
    wire::Json arguments = nullptr;
};

/// What becomes of a call that the daemon itself makes of a tool, for the model.
struct Tool {
    enum class State : std::uint8_t {
        asks,  ///< it would write: whoever sent the job is to allow it, or not
        runs,
        done,
        failed,   ///< the model has been told, and goes on
        refused,  ///< as well: writing was not allowed
    };
    std::string call;  ///< its name within the job: "c1"
    std::string name;  ///< of the function
    State state = State::runs;
    wire::Json arguments = nullptr;  ///< while it asks and runs
    wire::Json result = nullptr;     ///< of one that is done
    std::string message;             ///< why it failed or was refused
};

struct Log {
    std::string stream;
    std::string text;
};

struct Output {
    wire::Json value = nullptr;
};

/// The beginning of an answer that is passed through as its worker gives it (work::Route).
struct Head {
    std::int64_t status = 200;  ///< of HTTP
    std::string content_type;
};

/// A piece of it: a whole document, or whole server-sent events.
struct Body {
    std::string data;
};

enum class Reason : std::uint8_t { stop, length, tool_calls, cancelled };

struct Usage {
    std::int64_t prompt = 0;
    std::int64_t cached = 0;
    std::int64_t completion = 0;
};

struct Done {
    Reason reason = Reason::stop;
    std::optional<Usage> usage = std::nullopt;
    wire::Json timings = nullptr;
    wire::Json result = nullptr;
};

}  // namespace event

using Event = std::variant<event::Accepted, event::Queued, event::Load, event::Prompt,
                           event::Reasoning, event::Token, event::ToolCall, event::Tool, event::Log,
                           event::Output, event::Head, event::Body, event::Done, Error>;

/// Whether the event is a job's last.
[[nodiscard]] bool ends_job(const Event& event);

namespace wire {

/// The names of event::Reason on the wire.
[[nodiscard]] std::string_view reason_name(event::Reason reason);

/// The members of an event as socket v2 has them, `ev` included, without `v`, `id` and `seq`.
[[nodiscard]] Json event_to_json(const Event& event);

/// Reads what event_to_json() wrote, for clients. Unknown `ev` or members of a wrong type are
/// invalid_request.
[[nodiscard]] Result<Event> event_from_json(const Json& json);

}  // namespace wire
}  // namespace threadrunner
