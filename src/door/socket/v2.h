#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "door/mcp/client.h"
#include "door/models_op.h"
#include "door/tools_op.h"
#include "job/job.h"
#include "wire/decode.h"

namespace threadrunner::socket_v2 {

/// Requests about the daemon rather than for a worker.
struct Status {};
struct Ps {};
struct Config {};
struct Reload {};
struct Shutdown {};
struct Cancel {
    JobId job = 0;
};
struct Unload {
    std::optional<JobSpec> worker;  ///< a job like it names the worker; none: all that are idle
};
/// Whether a call that a job asks about may write.
struct Permit {
    JobId job = 0;
    std::string call;
    bool allow = false;
};
struct Attach {
    JobId job = 0;
    std::uint64_t after_seq = 0;
};
/// A message of the Model Context Protocol.
struct Mcp {
    wire::Json message;  ///< or its text, which need be no JSON
    mcp::Client client;  ///< without owner and session
};

using Request = std::variant<JobSpec, Status, Ps, ModelsOp, ToolsOp, Config, Reload, Shutdown,
                             Cancel, Permit, Unload, Attach, Mcp>;

/// The part of a frame that says how to answer it.
struct Envelope {
    std::int64_t id = 0;
    std::string op;
};

/// Reads `id` and `op`; without them nothing can be answered, so an error here closes the
/// connection.
[[nodiscard]] Result<Envelope> decode_envelope(const wire::Json& frame);

/// Reads the members of the envelope's op. Jobs come without their owner. Unknown members are
/// ignored; unknown ops, wrong types and values out of range are errors that name them.
[[nodiscard]] Result<Request> decode_request(const Envelope& envelope, const wire::Json& frame,
                                             Clock::time_point now);

/// The whole frame of one event, header included, appended to `out`.
void append_event(std::string& out, std::int64_t id, std::uint64_t seq, const Event& event);

}  // namespace threadrunner::socket_v2
