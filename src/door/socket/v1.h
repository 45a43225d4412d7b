#pragma once

#include <string>

#include "job/job.h"
#include "wire/decode.h"

namespace threadrunner::socket_v1 {

struct Request {
    std::string prompt;
    bool stream = true;  ///< false: the whole text as one token frame
};

/// What the daemon's own environment says for requests that cannot name it themselves.
struct Defaults {
    std::string backend;
    std::string model;
};

/// Reads `prompt` and `stream`, both required; `v` is the connection's business. Other members are
/// ignored.
[[nodiscard]] Result<Request> decode_request(const wire::Json& frame);

/// The job that a v1 prompt is: one-shot chat with the default model. Without its owner.
[[nodiscard]] JobSpec job_of(const Request& request, const Defaults& defaults);

/// Whole frames, headers included, appended to `out`.
void append_token(std::string& out, std::string_view text);
void append_end(std::string& out);
void append_error(std::string& out, const Error& error);

}  // namespace threadrunner::socket_v1
