#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dummy/answer.h"
#include "dummy/request.h"
#include "wire/decode.h"

namespace threadrunner::dummy {

/// One request and its answer, with the numbers that the last chunk reports.
struct Exchange {
    std::int64_t id = 0;
    std::int64_t slot = 0;
    Request request;
    Answer answer;
    std::size_t thought = 0;  ///< so many of its tokens are reasoning, in a chat
    std::int64_t prompt_tokens = 0;
    std::int64_t created = 0;  ///< seconds since 1970
    double prompt_ms = 0;
    double predicted_ms = 0;
};

/// What a generating route writes, in the shapes of llama-server. Chunks are whole server-sent
/// events, ready to be a body's data.
class Shapes {
public:
    Shapes() = default;
    Shapes(const Shapes&) = delete;
    Shapes& operator=(const Shapes&) = delete;
    virtual ~Shapes() = default;

    /// The chunk of answer.tokens[index]. Written out by hand, not by way of a Json, because it is
    /// what a fast stream consists of.
    [[nodiscard]] virtual std::string token(const Exchange& exchange, std::size_t index) const = 0;
    /// `done` tokens of the prompt are read after `time_ms`.
    [[nodiscard]] virtual std::string progress(const Exchange& exchange, std::int64_t done,
                                               double time_ms) const = 0;
    /// The end of a stream: why it ended, and the timings.
    [[nodiscard]] virtual std::string last(const Exchange& exchange) const = 0;
    /// The whole answer as one document, for a request without `stream`.
    [[nodiscard]] virtual std::string document(const Exchange& exchange) const = 0;
    /// A failure of the server, which ends a stream.
    [[nodiscard]] virtual std::string error(std::string_view message) const;
};

/// Those of POST /completion, /v1/chat/completions and /v1/completions.
[[nodiscard]] const Shapes& completion_shapes();
[[nodiscard]] const Shapes& chat_shapes();
[[nodiscard]] const Shapes& text_shapes();

/// Those of POST /v1/messages, which is Anthropic's, and of /v1/responses, which is OpenAI's.
[[nodiscard]] const Shapes& message_shapes();
[[nodiscard]] const Shapes& response_shapes();

/// The timings as llama-server counts them.
[[nodiscard]] wire::Json timings(const Exchange& exchange);

/// A failure of the server as a document, whatever the route.
[[nodiscard]] std::string error_document(std::string_view message);

}  // namespace threadrunner::dummy
