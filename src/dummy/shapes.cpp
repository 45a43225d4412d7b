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
    return {{"completion_tokens", tokens_generated(exchange)},
            {"prompt_tokens", exchange.prompt_tokens},
            {"total_tokens", exchange.prompt_tokens + tokens_generated(exchange)},
            {"prompt_tokens_details", {{"cached_tokens", 0}}}};
}

class CompletionShapes : public Shapes {
public:
    std::string token(const Exchange& exchange, std::size_t index) const override {
        return R"(data: {"index":0,"content":)" + wire::encode_json(exchange.answer.tokens[index]) +
               R"(,"tokens":[],"stop":false,"id_slot":)" + std::to_string(exchange.slot) +
               R"(,"tokens_predicted":)" + std::to_string(index + 1) + R"(,"tokens_evaluated":)" +
               std::to_string(exchange.prompt_tokens) + "}\n\n";
    }

    std::string progress(const Exchange& exchange, std::int64_t done,
                         double time_ms) const override {
        Json out = chunk(exchange, "", 0);
        out["prompt_progress"] = prompt_progress(exchange, done, time_ms);
        return sse(out);
    }

    std::string last(const Exchange& exchange) const override { return sse(final(exchange, "")); }

    std::string document(const Exchange& exchange) const override {
        return wire::encode_json(final(exchange, text_of(exchange.answer.tokens)));
    }

private:
    static Json chunk(const Exchange& exchange, const std::string& content, std::size_t count) {
        return {{"index", 0},
                {"content", content},
                {"tokens", Json::array()},
                {"stop", false},
                {"id_slot", exchange.slot},
                {"tokens_predicted", count},
                {"tokens_evaluated", exchange.prompt_tokens}};
    }

    static Json final(const Exchange& exchange, const std::string& content) {
        Json out = chunk(exchange, content, exchange.answer.generated);
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
        std::string out;
        if (index == 0) {
            out = sse(delta(exchange, {{"role", "assistant"}, {"content", nullptr}}));
        }
        if (!exchange.request.tool.empty()) {
            Json call = tool_call(exchange);
            call["index"] = 0;
            return out + sse(delta(exchange, {{"tool_calls", Json::array({std::move(call)})}}));
        }
        out += R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{")";
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

    std::string progress(const Exchange& exchange, std::int64_t done,
                         double time_ms) const override {
        Json out = delta(exchange, {{"role", "assistant"}, {"content", nullptr}});
        out["prompt_progress"] = prompt_progress(exchange, done, time_ms);
        return sse(out);
    }

    std::string last(const Exchange& exchange) const override {
        Json end = delta(exchange, Json::object());
        end["choices"][0]["finish_reason"] = wire::reason_name(exchange.answer.reason);
        std::string before;
        if (exchange.request.include_usage) {
            before = sse(std::exchange(end, envelope(exchange, "chat.completion.chunk")));
            end["choices"] = Json::array();
            end["usage"] = usage(exchange);
        }
        end["timings"] = timings(exchange);
        return before + sse(end) + "data: [DONE]\n\n";
    }

    std::string document(const Exchange& exchange) const override {
        Json out = envelope(exchange, "chat.completion");
        Json message = {{"role", "assistant"}, {"content", spoken_of(exchange)}};
        if (!exchange.request.tool.empty()) {
            message["content"] = nullptr;
            message["tool_calls"] = Json::array({tool_call(exchange)});
        }
        if (const std::string thought = thought_of(exchange); !thought.empty()) {
            message[reasoning_member] = thought;
        }
        out["choices"] = Json::array({{{"index", 0},
                                       {"finish_reason", wire::reason_name(exchange.answer.reason)},
                                       {"message", message}}});
        out["usage"] = usage(exchange);
        out["timings"] = timings(exchange);
        return wire::encode_json(out);
    }

private:
    static Json tool_call(const Exchange& exchange) {
        return {
            {"id", "call_" + std::to_string(exchange.id)},
            {"type", "function"},
            {"function",
             {{"name", exchange.request.tool}, {"arguments", text_of(exchange.answer.tokens)}}}};
    }

    static Json delta(const Exchange& exchange, Json change) {
        Json out = envelope(exchange, "chat.completion.chunk");
        out["choices"] =
            Json::array({{{"finish_reason", nullptr}, {"index", 0}, {"delta", std::move(change)}}});
        return out;
    }
};

/// OpenAI's older completion, which continues a text.
class TextShapes : public Shapes {
public:
    std::string token(const Exchange& exchange, std::size_t index) const override {
        return sse(choice(exchange, exchange.answer.tokens[index], nullptr));
    }

    std::string progress(const Exchange& exchange, std::int64_t done,
                         double time_ms) const override {
        Json out = choice(exchange, "", nullptr);
        out["prompt_progress"] = prompt_progress(exchange, done, time_ms);
        return sse(out);
    }

    std::string last(const Exchange& exchange) const override {
        Json end = choice(exchange, "", wire::reason_name(exchange.answer.reason));
        if (exchange.request.include_usage) {
            end["usage"] = usage(exchange);
        }
        end["timings"] = timings(exchange);
        return sse(end) + "data: [DONE]\n\n";
    }

    std::string document(const Exchange& exchange) const override {
        Json out = choice(exchange, text_of(exchange.answer.tokens),
                          wire::reason_name(exchange.answer.reason));
        out["usage"] = usage(exchange);
        out["timings"] = timings(exchange);
        return wire::encode_json(out);
    }

private:
    static Json choice(const Exchange& exchange, std::string_view text, const Json& reason) {
        Json out = envelope(exchange, "text_completion");
        out["choices"] = Json::array(
            {{{"text", text}, {"index", 0}, {"logprobs", nullptr}, {"finish_reason", reason}}});
        return out;
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
