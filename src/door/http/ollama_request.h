#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "job/offer.h"
#include "job/work.h"
#include "wire/decode.h"

/// Requests of Ollama's clients in our words. Members that Ollama does not know, and options that
/// nothing here can follow, are passed over, as Ollama does.
/// https://github.com/ollama/ollama/blob/main/docs/api.md
namespace threadrunner::http {

/// What one of them asks for.
struct OllamaRequest {
    std::string model;  ///< as the client wrote it, for the answer
    bool streams = true;
    Work work = work::Load{};  ///< Load where there is nothing to answer: the model is to be ready
    std::optional<std::chrono::milliseconds> keep_alive;
    Offers offers = {};  ///< tools of ours

    /// Whether all that is asked is that the model go.
    [[nodiscard]] bool unloads() const;
};

/// The bodies of /api/chat and /api/generate; `text` is what `body` was read from, for a schema's
/// members keep their order.
[[nodiscard]] Result<OllamaRequest> read_ollama_chat(const wire::Json& body, std::string_view text);
[[nodiscard]] Result<OllamaRequest> read_ollama_generate(const wire::Json& body,
                                                         std::string_view text);

/// The bodies of /api/embed, and of its forerunner /api/embeddings.
[[nodiscard]] Result<OllamaRequest> read_ollama_embed(const wire::Json& body,
                                                      std::string_view text);
[[nodiscard]] Result<OllamaRequest> read_ollama_embeddings(const wire::Json& body,
                                                           std::string_view text);

/// The body of a request about a model: its name, in either of the two members that clients use.
[[nodiscard]] Result<std::string> read_ollama_name(const wire::Json& body);

/// A model's name without the tag that Ollama puts behind all that have none.
[[nodiscard]] std::string without_latest(std::string_view name);

/// How long a model is to stay: seconds as a number, or what Go's time.ParseDuration reads ("5m",
/// "1h30m"); anything below 0 is for ever.
[[nodiscard]] Result<std::chrono::milliseconds> parse_keep_alive(const wire::Json& value);

}  // namespace threadrunner::http
