#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner::dummy {

/// What a generating route is asked for. The members of the body that a model would need and the
/// dummy does not (temperature and the like) are ignored, as a model ignores those it does not
/// know.
struct Request {
    std::string prompt;
    std::string earlier;  ///< what the other messages say: read, but not answered
    bool stream = false;
    bool include_usage = false;  ///< chat: a last chunk with the usage alone
    bool return_progress = false;
    std::optional<std::int64_t> tokens_max;  ///< below 0 is none
    std::vector<std::string> stop;
    std::size_t answers = 1;         ///< to the same prompt, side by side
    std::string tool;                ///< that the answer must call; empty: it is text
    wire::Json arguments = nullptr;  ///< of that call; null: the prompt
};

/// The body of POST /completion.
[[nodiscard]] Result<Request> decode_completion(const wire::Json& body);

/// The body of POST /v1/chat/completions; the prompt is the text of the last user message. A prompt
/// whose lines are `NAME {…}`, each with an offered function's name and its arguments, is a script:
/// an answer calls what the next line says, and once all have results the last of these is what is
/// answered.
[[nodiscard]] Result<Request> decode_chat(const wire::Json& body);

/// The body of POST /v1/messages, as Anthropic's clients write it.
[[nodiscard]] Result<Request> decode_message(const wire::Json& body);

/// The body of POST /v1/responses: its input is a text or a list of items.
[[nodiscard]] Result<Request> decode_response(const wire::Json& body);

}  // namespace threadrunner::dummy
