#include "door/http/ollama_answer.h"

#include <cmath>
#include <utility>
#include <variant>

#include "base/wall_time.h"

namespace threadrunner::http {
namespace {

using wire::Json;

std::int64_t nanoseconds(Clock::duration duration) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

/// llama-server's member of milliseconds, in nanoseconds.
std::int64_t nanoseconds_in(const Json& timings, const char* name) {
    constexpr double ns_per_ms = 1e6;
    const auto found = timings.is_object() ? timings.find(name) : timings.end();
    const bool given = timings.is_object() && found != timings.end() && found->is_number();
    return given ? std::llround(found->get<double>() * ns_per_ms) : 0;
}

/// The members of llama-server's list of tokens that Ollama has, too.
Json logprobs_of(const Json& tokens) {
    Json out = Json::array();
    for (const Json& token : tokens) {
        Json entry = Json::object();
        for (const char* name : {"token", "logprob", "bytes"}) {
            if (token.is_object() && token.contains(name)) {
                entry[name] = token.at(name);
            }
        }
        if (token.is_object() && token.contains("top_logprobs")) {
            entry["top_logprobs"] = logprobs_of(token.at("top_logprobs"));
        }
        out.push_back(std::move(entry));
    }
    return out;
}

/// Text, thoughts and calls of tools; subclasses say where they stand.
class Generation : public OllamaAnswer {
public:
    using OllamaAnswer::OllamaAnswer;

    Json piece() override {
        const bool nothing = text_.empty() && thinking_.empty() && calls_.empty();
        return nothing ? Json() : document(false);
    }

    Json last(const event::Done& done, Clock::time_point now) override {
        Json out = document(true);
        if (!done.result.is_null()) {
            out["done_reason"] = "load";  // that was all
            return out;
        }
        out["done_reason"] = done.reason == event::Reason::length ? "length" : "stop";
        put_figures(out, done, now);
        out["prompt_eval_duration"] = nanoseconds_in(done.timings, "prompt_ms");
        out["eval_count"] = done.usage.value_or(event::Usage()).completion;
        out["eval_duration"] = nanoseconds_in(done.timings, "predicted_ms");
        return out;
    }

protected:
    void take_event(const Event& event) override {
        if (const auto* token = std::get_if<event::Token>(&event)) {
            text_ += token->text;
            for (Json& entry : logprobs_of(token->logprobs)) {
                logprobs_.push_back(std::move(entry));
            }
        } else if (const auto* reasoning = std::get_if<event::Reasoning>(&event)) {
            thinking_ += reasoning->text;
        } else if (const auto* call = std::get_if<event::ToolCall>(&event)) {
            const bool sound = call->arguments.is_object();
            calls_.push_back({{"function",
                               {{"name", call->name},
                                {"index", calls_told_++},
                                {"arguments", sound ? call->arguments : Json::object()}}}});
        }
    }

    /// The members that hold what was said.
    virtual void put_said(Json& out, std::string text, std::string thinking, Json calls) const = 0;

private:
    Json document(bool done) {
        Json out = beginning();
        out["done"] = done;
        put_said(out, std::exchange(text_, {}), std::exchange(thinking_, {}),
                 std::exchange(calls_, Json::array()));
        if (Json logprobs = std::exchange(logprobs_, Json::array()); !logprobs.empty()) {
            out["logprobs"] = std::move(logprobs);
        }
        return out;
    }

    std::string text_;
    std::string thinking_;
    Json calls_ = Json::array();
    Json logprobs_ = Json::array();
    int calls_told_ = 0;
};

class Chat : public Generation {
public:
    using Generation::Generation;

protected:
    void put_said(Json& out, std::string text, std::string thinking, Json calls) const override {
        Json message = {{"role", "assistant"}, {"content", std::move(text)}};
        if (!thinking.empty()) {
            message["thinking"] = std::move(thinking);
        }
        if (!calls.empty()) {
            message["tool_calls"] = std::move(calls);
        }
        out["message"] = std::move(message);
    }
};

class Continuation : public Generation {
public:
    using Generation::Generation;

protected:
    void put_said(Json& out, std::string text, std::string thinking,
                  Json /*calls*/) const override {
        out["response"] = std::move(text);
        if (!thinking.empty()) {
            out["thinking"] = std::move(thinking);
        }
    }
};

class Embeddings : public OllamaAnswer {
public:
    using OllamaAnswer::OllamaAnswer;

    Json piece() override { return nullptr; }

    Json last(const event::Done& done, Clock::time_point now) override {
        Json out = beginning();
        out.erase("created_at");
        out["embeddings"] = std::move(vectors_);
        put_figures(out, done, now);
        return out;
    }

protected:
    void take_event(const Event& event) override {
        if (const auto* output = std::get_if<event::Output>(&event)) {
            vectors_.push_back(output->value);
        }
    }
    [[nodiscard]] Json& vectors() { return vectors_; }

private:
    Json vectors_ = Json::array();
};

/// Of one text, in the older route's words.
class Embedding : public Embeddings {
public:
    using Embeddings::Embeddings;

    Json last(const event::Done& /*done*/, Clock::time_point /*now*/) override {
        return {{"embedding", vectors().empty() ? Json::array() : vectors().front()}};
    }
};

class Pull : public OllamaAnswer {
public:
    explicit Pull(Clock::time_point asked) : OllamaAnswer({}, asked) {}

    Json piece() override { return std::exchange(progress_, nullptr); }

    Json last(const event::Done& /*done*/, Clock::time_point /*now*/) override {
        return {{"status", "success"}};
    }

protected:
    void take_event(const Event& event) override {
        if (const auto* load = std::get_if<event::Load>(&event)) {
            progress_ = {{"status", load->stage}};
            if (load->done_bytes) {
                progress_["completed"] = *load->done_bytes;
            }
            if (load->total_bytes) {
                progress_["total"] = *load->total_bytes;
            }
        } else if (std::holds_alternative<event::Queued>(event)) {
            progress_ = {{"status", "waiting"}};
        }
    }

private:
    Json progress_ = nullptr;
};

}  // namespace

void OllamaAnswer::take(const Event& event, Clock::time_point now) {
    if (std::holds_alternative<event::Load>(event)) {
        load_began_ = load_began_.value_or(now);
        loaded_ = now;
    }
    take_event(event);
}

Json OllamaAnswer::beginning() const {
    return {{"model", model_}, {"created_at", rfc3339(wall_now())}};
}

void OllamaAnswer::put_figures(Json& document, const event::Done& done,
                               Clock::time_point now) const {
    document["total_duration"] = nanoseconds(now - asked_);
    document["load_duration"] = load_began_ ? nanoseconds(loaded_ - *load_began_) : 0;
    document["prompt_eval_count"] = done.usage.value_or(event::Usage()).prompt;
}

std::unique_ptr<OllamaAnswer> ollama_chat_answer(std::string model, Clock::time_point asked) {
    return std::make_unique<Chat>(std::move(model), asked);
}

std::unique_ptr<OllamaAnswer> ollama_generate_answer(std::string model, Clock::time_point asked) {
    return std::make_unique<Continuation>(std::move(model), asked);
}

std::unique_ptr<OllamaAnswer> ollama_embed_answer(std::string model, Clock::time_point asked) {
    return std::make_unique<Embeddings>(std::move(model), asked);
}

std::unique_ptr<OllamaAnswer> ollama_embeddings_answer(std::string model, Clock::time_point asked) {
    return std::make_unique<Embedding>(std::move(model), asked);
}

std::unique_ptr<OllamaAnswer> ollama_pull_answer(Clock::time_point asked) {
    return std::make_unique<Pull>(asked);
}

}  // namespace threadrunner::http
