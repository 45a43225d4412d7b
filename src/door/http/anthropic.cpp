#include "door/http/anthropic.h"

#include <string>

#include "door/http/passage.h"

namespace threadrunner::http {
namespace {

using wire::Json;

/// A row of https://docs.anthropic.com/en/api/errors.
struct Row {
    unsigned status;
    std::string_view type;
};

Row row_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::context_exceeded:
        case ErrorCode::conflict:
        case ErrorCode::not_supported:
            return {.status = 400, .type = "invalid_request_error"};
        case ErrorCode::unauthorized:
            return {.status = 401, .type = "authentication_error"};
        case ErrorCode::forbidden:
            return {.status = 403, .type = "permission_error"};
        case ErrorCode::unknown_model:
        case ErrorCode::not_found:
        case ErrorCode::gone:
            return {.status = 404, .type = "not_found_error"};
        case ErrorCode::too_large:
            return {.status = 413, .type = "request_too_large"};
        case ErrorCode::overloaded:
            return {.status = 429, .type = "rate_limit_error"};
        case ErrorCode::timeout:
            return {.status = 504, .type = "timeout_error"};
        case ErrorCode::unreachable:
        case ErrorCode::out_of_memory:
            return {.status = 529, .type = "overloaded_error"};
        case ErrorCode::cancelled:
            return {.status = traits(code).http_status, .type = "api_error"};
        default:
            return {.status = 500, .type = "api_error"};
    }
}

unsigned status_of(ErrorCode code) { return row_of(code).status; }

Json document_of(const Error& error) {
    return {{"type", "error"},
            {"error", {{"type", row_of(error.code).type}, {"message", error.message}}}};
}

std::string event_of(const Error& error) {
    return "event: error\ndata: " + wire::encode_json(document_of(error)) + "\n\n";
}

Route passed(std::string_view path) {
    return {
        .method = "POST",
        .path = path,
        .errors = anthropic_errors(),
        .handle = pass_to_worker({.path = std::string(path),
                                  .sign_of_life = "event: ping\ndata: {\"type\":\"ping\"}\n\n"}),
        .id_header = "request-id"};
}

}  // namespace

const ErrorShape& anthropic_errors() {
    static constexpr ErrorShape shape{
        .document = document_of, .status = status_of, .stream_event = event_of};
    return shape;
}

std::vector<Route> anthropic_routes() {
    return {passed("/v1/messages"), passed("/v1/messages/count_tokens")};
}

}  // namespace threadrunner::http
