#include "door/socket/v1.h"

#include "base/limits.h"
#include "wire/fields.h"
#include "wire/frame.h"

namespace threadrunner::socket_v1 {
namespace {

using wire::Json;

void append(std::string& out, const Json& frame) {
    wire::append_frame(out, wire::encode_json(frame));
}

}  // namespace

Result<Request> decode_request(const Json& frame) {
    wire::Fields fields(frame, "the request");
    Request request;
    request.prompt = fields.required(fields.text("prompt"), "prompt");
    request.stream = fields.required(fields.flag("stream"), "stream");
    if (fields.has("prompt") && request.prompt.empty()) {
        fields.refuse("'prompt' is empty");
    }
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return request;
}

JobSpec job_of(const Request& request, const Defaults& defaults) {
    work::Generate generate;
    generate.prompt = request.prompt;
    generate.sampling.max_tokens = limits::v1_tokens_max;
    JobSpec spec;
    spec.backend = defaults.backend;
    spec.model = defaults.model;
    spec.work = std::move(generate);
    return spec;
}

void append_token(std::string& out, std::string_view text) {
    append(out, {{"token", text}, {"eos", false}});
}

void append_end(std::string& out) { append(out, {{"token", nullptr}, {"eos", true}}); }

void append_error(std::string& out, const Error& error) {
    append(out, {{"error", error.message}, {"error_type", traits(error.code).v1_type}});
}

}  // namespace threadrunner::socket_v1
