#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "job/job.h"
#include "wire/decode.h"
#include "wire/event.h"

/// What Ollama's clients are told of a job: documents made of its events.
/// https://github.com/ollama/ollama/blob/main/docs/api.md
namespace threadrunner::http {

/// Passive: it is given events with the time at which they came. One for each request.
class OllamaAnswer {
public:
    /// `model` as the client wrote it; `asked`: when.
    OllamaAnswer(std::string model, Clock::time_point asked)
        : model_(std::move(model)), asked_(asked) {}
    OllamaAnswer(const OllamaAnswer&) = delete;
    OllamaAnswer& operator=(const OllamaAnswer&) = delete;
    virtual ~OllamaAnswer() = default;

    /// Takes in an event of the job.
    void take(const Event& event, Clock::time_point now);
    /// What has come since the last piece; null: nothing to tell.
    [[nodiscard]] virtual wire::Json piece() = 0;
    /// The last document, with all that has come since the last piece.
    [[nodiscard]] virtual wire::Json last(const event::Done& done, Clock::time_point now) = 0;

protected:
    virtual void take_event(const Event& event) = 0;

    /// `model` and `created_at`.
    [[nodiscard]] wire::Json beginning() const;
    /// `total_duration` and `load_duration`, in nanoseconds, and `prompt_eval_count`.
    void put_figures(wire::Json& document, const event::Done& done, Clock::time_point now) const;

private:
    std::string model_;
    Clock::time_point asked_;
    std::optional<Clock::time_point> load_began_;
    Clock::time_point loaded_;
};

/// For /api/chat, /api/generate, /api/embed and /api/embeddings.
[[nodiscard]] std::unique_ptr<OllamaAnswer> ollama_chat_answer(std::string model,
                                                               Clock::time_point asked);
[[nodiscard]] std::unique_ptr<OllamaAnswer> ollama_generate_answer(std::string model,
                                                                   Clock::time_point asked);
[[nodiscard]] std::unique_ptr<OllamaAnswer> ollama_embed_answer(std::string model,
                                                                Clock::time_point asked);
[[nodiscard]] std::unique_ptr<OllamaAnswer> ollama_embeddings_answer(std::string model,
                                                                     Clock::time_point asked);
/// For /api/pull: `completed` and `total` are bytes, where they are known.
[[nodiscard]] std::unique_ptr<OllamaAnswer> ollama_pull_answer(Clock::time_point asked);

}  // namespace threadrunner::http
