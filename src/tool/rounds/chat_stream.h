#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tool/rounds/dialogue.h"
#include "wire/decode.h"
#include "wire/sse.h"

namespace threadrunner::tool {

/// Several streamed answers of OpenAI's chat as one stream: calls, and how an answer ends, are kept
/// back until it is known whether another follows.
/// https://platform.openai.com/docs/api-reference/chat-streaming
class ChatStream {
public:
    void begin_answer();

    /// Takes a piece of the answer; what its client is to hear of it.
    [[nodiscard]] std::string push(std::string_view events);

    /// What the answer calls, and says, once it is whole.
    [[nodiscard]] std::vector<ModelCall> calls() const;
    [[nodiscard]] const std::string& text() const { return text_; }

    /// The rest of the last answer: `calls` for the client, why it ends, the usage of all answers,
    /// if the client has asked for it, and the end's mark.
    [[nodiscard]] std::string finish(const std::vector<ModelCall>& calls,
                                     const std::optional<event::Usage>& usage) const;

private:
    void on_chunk(std::string_view data, std::string& out);
    void take_calls(const wire::Json& calls);

    wire::SseReader sse_;
    std::map<std::size_t, ModelCall> calls_;
    std::string text_;
    wire::Json last_;   ///< the chunk that says why it ends
    wire::Json usage_;  ///< the chunk with the usage alone
    std::size_t answers_ = 0;
};

/// The calls of a message or a delta, and calls as these have them.
[[nodiscard]] std::vector<ModelCall> read_calls(const wire::Json& message);
[[nodiscard]] wire::Json calls_document(const std::vector<ModelCall>& calls);

/// Puts the usage of all answers in the place of the last one's.
void put_usage(wire::Json& document, const std::optional<event::Usage>& usage);

}  // namespace threadrunner::tool
