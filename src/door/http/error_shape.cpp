#include "door/http/error_shape.h"

#include <chrono>

#include "base/limits.h"

namespace threadrunner::http {
namespace {

using wire::Json;

/// https://platform.openai.com/docs/guides/error-codes
std::string_view openai_type(unsigned status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 429:
            return "rate_limit_error";
        default:
            return status < 500 ? "invalid_request_error" : "server_error";
    }
}

/// Programs know two of the errors by OpenAI's own names.
std::string_view openai_code(ErrorCode code) {
    if (code == ErrorCode::unknown_model) {
        return "model_not_found";
    }
    return code == ErrorCode::context_exceeded ? "context_length_exceeded" : traits(code).name;
}

Json openai_document(const Error& error) {
    return {{"error",
             {{"message", error.message},
              {"type", openai_type(traits(error.code).http_status)},
              {"param", nullptr},
              {"code", openai_code(error.code)}}}};
}

std::string openai_event(const Error& error) {
    return "data: " + wire::encode_json(openai_document(error)) + "\n\n";
}

}  // namespace

const ErrorShape& openai_errors() {
    static constexpr ErrorShape shape{
        .document = openai_document, .status = table_status, .stream_event = openai_event};
    return shape;
}

unsigned table_status(ErrorCode code) { return traits(code).http_status; }

Answer error_answer(const Error& error, const ErrorShape& shape) {
    constexpr unsigned unauthorized = 401;
    constexpr unsigned too_many = 429;
    constexpr unsigned unavailable = 503;
    Answer answer = json_answer(shape.document(error), shape.status(error.code));
    const unsigned status = table_status(error.code);
    if (status == too_many || status == unavailable || error.retry_after) {
        const auto wait = std::chrono::ceil<std::chrono::seconds>(
            error.retry_after.value_or(limits::overloaded_retry_after));
        answer.headers.emplace_back("retry-after", std::to_string(wait.count()));
    }
    if (answer.status == unauthorized) {
        answer.headers.emplace_back("www-authenticate", "Bearer");
    }
    return answer;
}

Answer json_answer(const Json& document, unsigned status) {
    return {.status = status,
            .content_type = "application/json",
            .body = wire::encode_json(document) + "\n"};
}

}  // namespace threadrunner::http
