#pragma once

#include <string>

#include "base/error.h"
#include "door/http/message.h"
#include "wire/decode.h"

namespace threadrunner::http {

/// How an API shows an error: each has members of its own for the same facts.
struct ErrorShape {
    wire::Json (*document)(const Error& error);
    unsigned (*status)(ErrorCode code);
    /// In the midst of a stream, whose status was told long ago: whole server-sent events.
    std::string (*stream_event)(const Error& error);
};

/// {"error":{"message","type","param","code"}}: OpenAI's, also for all that is nobody's.
[[nodiscard]] const ErrorShape& openai_errors();

/// The status of the table in base/error.h, for APIs that have none of their own.
[[nodiscard]] unsigned table_status(ErrorCode code);

/// The answer that an error is.
[[nodiscard]] Answer error_answer(const Error& error, const ErrorShape& shape);

/// A document as an answer.
[[nodiscard]] Answer json_answer(const wire::Json& document, unsigned status = 200);

}  // namespace threadrunner::http
