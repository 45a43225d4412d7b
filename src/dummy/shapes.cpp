#include "dummy/shapes.h"

#include <utility>

#include "base/version.h"
#include "dummy/shape_parts.h"

namespace threadrunner::dummy {
namespace {

using wire::Json;

constexpr const char* reasoning_member = "reasoning_content";

Json prompt_progress(const Exchange& exchange, std::int64_t done, double time_ms) {
    return {{"total", exchange.prompt_tokens},
            {"cache", 0},
            {"processed", done},
            {"time_ms", static_cast<std::int64_t>(time_ms)}};
}

/// What every answer in OpenAI's shape has.
Json envelope(const Exchange& exchange, std::string_view object) {
    return {{"created", exchange.created},
            {"id", "chatcmpl-" + std::to_string(exchange.id)},
            {"model", model_name},
            {"system_fingerprint", version},
            {"object", object}};
}

Json usage(const Exchange& exchange) {
    const std::int64_t written = tokens_written(exchange);
    return {{"completion_tokens", written},
            {"prompt_tokens", exchange.prompt_tokens},
            {"total_tokens", exchange.prompt_tokens + written},
            {"prompt_tokens_details", {{"cached_tokens", 0}}}};
}

/// The events of all answers, one after the other.
template <class Event>
std::string of_each(const Exchange& exchange, const Event& event) {
    std::string out;
    for (std::size_t answer = 0; answer < exchange.request.answers; ++answer) {
        out += event(answer);
    }
    return out;
}

/// An object for each answer.
template <class Object>
Json list_of_each(const Exchange& exchange, const Object& object) {
    Json out = Json::array();
    for (std::size_t answer = 0; answer < exchange.request.answers; ++answer) {
        out.push_back(object(answer));
    }
    return out;
}

class CompletionShapes : public Shapes {
public:
    std::string token(const Exchange& exchange, std::size_t index) const override {
        return of_each(exchange, [&](std::size_t answer) {
            return R"(data: {"index":)" + std::to_string(answer) + R"(,"content":)" +
                   wire::encode_json(exchange.answer.tokens[index]) +
                   R"(,"tokens":[],"stop":false,"id_slot":)" + std::to_string(exchange.slot) +
                   R"(,"tokens_predicted":)" + std::to_string(index + 1) +
                   R"(,"tokens_evaluated":)" + std::to_string(exchange.prompt_tokens) + "}\n\n";
        });
    }

    std::string progress(const Exchange& exchange, std::int64_t done,
                         double time_ms) const override {
        Json out = chunk(exchange, 0, "", 0);
        out["prompt_progress"] = prompt_progress(exchange, done, time_ms);
        return sse(out);
    }

    std::string last(const Exchange& exchange) const override {
        return of_each(exchange,
                       [&](std::size_t answer) { return sse(final(exchange, answer, "")); });
    }

    /// A list where several were asked for.
    std::string document(const Exchange& exchange) const override {
        const std::string text = text_of(exchange.answer.tokens);
        const Json all = list_of_each(
            exchange, [&](std::size_t answer) { return final(exchange, answer, text); });
        return wire::encode_json(all.size() == 1 ? all.front() : all);
    }

private:
    static Json chunk(const Exchange& exchange, std::size_t answer, const std::string& content,
                      std::size_t count) {
        return {{"index", answer},
                {"content", content},
                {"tokens", Json::array()},
                {"stop", false},
                {"id_slot", exchange.slot},
                {"tokens_predicted", count},
                {"tokens_evaluated", exchange.prompt_tokens}};
    }

    static Json final(const Exchange& exchange, std::size_t answer, const std::string& content) {
        Json out = chunk(exchange, answer, content, exchange.answer.generated);
        const bool cut = exchange.answer.reason == event::Reason::length;
        const bool word = !exchange.answer.stopping_word.empty();
        out["stop"] = true;
        out["model"] = model_name;
        out["prompt"] = exchange.request.prompt;
        out["truncated"] = false;
        out["stop_type"] = cut ? "limit" : word ? "word" : "eos";
        out["stopping_word"] = exchange.answer.stopping_word;
        out["tokens_cached"] = exchange.prompt_tokens + tokens_generated(exchange);
        out["timings"] = timings(exchange);
        return out;
    }
};

class ChatShapes : public Shapes {
public:
    std::string token(const Exchange& exchange, std::size_t index) const override {
        return of_each(exchange, [&](std::size_t answer) {
            const std::string role =
                index > 0
                    ? ""
                    : sse(delta(exchange, answer, {{"role", "assistant"}, {"content", nullptr}}));
            return role + said(exchange, answer, index);
        });
    }

    std::string progress(const Exchange& exchange, std::int64_t done,
                         double time_ms) const override {
        Json out = delta(exchange, 0, {{"role", "assistant"}, {"content", nullptr}});
        out["prompt_progress"] = prompt_progress(exchange, done, time_ms);
        return sse(out);
    }

    std::string last(const Exchange& exchange) const override {
        std::string out = of_each(exchange, [&](std::size_t answer) {
            Json end = delta(exchange, answer, Json::object());
            end["choices"][0]["finish_reason"] = wire::reason_name(exchange.answer.reason);
            if (!exchange.request.include_usage) {
                end["timings"] = timings(exchange);
            }
            return sse(end);
        });
        if (exchange.request.include_usage) {
            Json end = envelope(exchange, "chat.completion.chunk");
            end["choices"] = Json::array();
            end["usage"] = usage(exchange);
            end["timings"] = timings(exchange);
            out += sse(end);
        }
        return out + "data: [DONE]\n\n";
    }

    std::string document(const Exchange& exchange) const override {
        Json out = envelope(exchange, "chat.completion");
        out["choices"] = list_of_each(exchange, [&](std::size_t answer) {
            return Json{{"index", answer},
                        {"finish_reason", wire::reason_name(exchange.answer.reason)},
                        {"message", message(exchange, answer)}};
        });
        out["usage"] = usage(exchange);
        out["timings"] = timings(exchange);
        return wire::encode_json(out);
    }

private:
    /// By hand: this is what a fast stream consists of.
    static std::string said(const Exchange& exchange, std::size_t answer, std::size_t index) {
        if (!exchange.request.tool.empty()) {
            Json call = tool_call(exchange, answer);
            call["index"] = 0;
            return sse(delta(exchange, answer, {{"tool_calls", Json::array({std::move(call)})}}));
        }
        std::string out = R"(data: {"choices":[{"finish_reason":null,"index":)";
        out += std::to_string(answer);
        out += R"(,"delta":{")";
        out += index < exchange.thought ? reasoning_member : "content";
        out += R"(":)";
        out += wire::encode_json(exchange.answer.tokens[index]);
        out += R"(}}],"created":)" + std::to_string(exchange.created);
        out += R"(,"id":"chatcmpl-)" + std::to_string(exchange.id);
        out += R"(","model":"dummy","system_fingerprint":")";
        out += version;
        out += R"(","object":"chat.completion.chunk"})"
               "\n\n";
        return out;
    }

    static Json message(const Exchange& exchange, std::size_t answer) {
        Json out = {{"role", "assistant"}, {"content", spoken_of(exchange)}};
        if (!exchange.request.tool.empty()) {
            out["content"] = nullptr;
            out["tool_calls"] = Json::array({tool_call(exchange, answer)});
        }
        if (const std::string thought = thought_of(exchange); !thought.empty()) {
            out[reasoning_member] = thought;
        }
        return out;
    }

    static Json tool_call(const Exchange& exchange, std::size_t answer) {
        std::string id = "call_" + std::to_string(exchange.id);
        id += answer > 0 ? "_" + std::to_string(answer) : "";
        return {
            {"id", std::move(id)},
            {"type", "function"},
            {"function",
             {{"name", exchange.request.tool}, {"arguments", text_of(exchange.answer.tokens)}}}};
    }

    static Json delta(const Exchange& exchange, std::size_t answer, Json change) {
        Json out = envelope(exchange, "chat.completion.chunk");
        out["choices"] = Json::array(
            {{{"finish_reason", nullptr}, {"index", answer}, {"delta", std::move(change)}}});
        return out;
    }
};

/// OpenAI's older completion, which continues a text.
class TextShapes : public Shapes {
public:
    std::string token(const Exchange& exchange, std::size_t index) const override {
        return of_each(exchange, [&](std::size_t answer) {
            return sse(chunk(exchange, answer, exchange.answer.tokens[index], nullptr));
        });
    }

    std::string progress(const Exchange& exchange, std::int64_t done,
                         double time_ms) const override {
        Json out = chunk(exchange, 0, "", nullptr);
        out["prompt_progress"] = prompt_progress(exchange, done, time_ms);
        return sse(out);
    }

    std::string last(const Exchange& exchange) const override {
        const std::string ends = of_each(exchange, [&](std::size_t answer) {
            Json end = chunk(exchange, answer, "", wire::reason_name(exchange.answer.reason));
            if (answer + 1 == exchange.request.answers) {
                put_figures(exchange, exchange.request.include_usage, end);
            }
            return sse(end);
        });
        return ends + "data: [DONE]\n\n";
    }

    std::string document(const Exchange& exchange) const override {
        Json out = envelope(exchange, "text_completion");
        out["choices"] = list_of_each(exchange, [&](std::size_t answer) {
            return choice(answer, text_of(exchange.answer.tokens),
                          wire::reason_name(exchange.answer.reason));
        });
        put_figures(exchange, true, out);
        return wire::encode_json(out);
    }

private:
    static Json choice(std::size_t answer, std::string_view text, const Json& reason) {
        return {
            {"text", text}, {"index", answer}, {"logprobs", nullptr}, {"finish_reason", reason}};
    }

    static Json chunk(const Exchange& exchange, std::size_t answer, std::string_view text,
                      const Json& reason) {
        Json out = envelope(exchange, "text_completion");
        out["choices"] = Json::array({choice(answer, text, reason)});
        return out;
    }

    static void put_figures(const Exchange& exchange, bool with_usage, Json& out) {
        if (with_usage) {
            out["usage"] = usage(exchange);
        }
        out["timings"] = timings(exchange);
    }
};

double ratio(double dividend, double divisor) { return divisor > 0 ? dividend / divisor : 0; }

}  // namespace

const Shapes& completion_shapes() {
    static const CompletionShapes shapes;
    return shapes;
}

const Shapes& chat_shapes() {
    static const ChatShapes shapes;
    return shapes;
}

const Shapes& text_shapes() {
    static const TextShapes shapes;
    return shapes;
}

Json timings(const Exchange& exchange) {
    const auto prompt = static_cast<double>(exchange.prompt_tokens);
    const auto predicted = static_cast<double>(tokens_generated(exchange));
    return {{"cache_n", 0},
            {"prompt_n", exchange.prompt_tokens},
            {"prompt_ms", exchange.prompt_ms},
            {"prompt_per_token_ms", ratio(exchange.prompt_ms, prompt)},
            {"prompt_per_second", ratio(1e3 * prompt, exchange.prompt_ms)},
            {"predicted_n", tokens_generated(exchange)},
            {"predicted_ms", exchange.predicted_ms},
            {"predicted_per_token_ms", ratio(exchange.predicted_ms, predicted)},
            {"predicted_per_second", ratio(1e3 * predicted, exchange.predicted_ms)}};
}

std::string error_document(std::string_view message) {
    return wire::encode_json({{"error", failure(message)}});
}

std::string Shapes::error(std::string_view message) const {
    return sse({{"error", failure(message)}});
}

}  // namespace threadrunner::dummy
