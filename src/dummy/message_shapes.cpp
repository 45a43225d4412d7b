#include <utility>

#include "dummy/shape_parts.h"
#include "dummy/shapes.h"

namespace threadrunner::dummy {
namespace {

using wire::Json;

std::string_view stop_reason(const Exchange& exchange) {
    switch (exchange.answer.reason) {
        case event::Reason::length:
            return "max_tokens";
        case event::Reason::tool_calls:
            return "tool_use";
        default:
            return "end_turn";
    }
}

Json stop_sequence(const Exchange& exchange) {
    const std::string& word = exchange.answer.stopping_word;
    return word.empty() ? Json() : Json(word);
}

/// A tool's input as the event that opens its block has it, and its id.
Json tool_block(const Exchange& exchange) {
    return {{"type", "tool_use"},
            {"id", "call_" + std::to_string(exchange.id)},
            {"name", exchange.request.tool}};
}

/// An answer that has not begun.
Json empty_message(const Exchange& exchange) {
    return {{"id", "chatcmpl-" + std::to_string(exchange.id)},
            {"type", "message"},
            {"role", "assistant"},
            {"content", Json::array()},
            {"model", model_name},
            {"stop_reason", nullptr},
            {"stop_sequence", nullptr},
            {"usage",
             {{"cache_read_input_tokens", 0},
              {"input_tokens", exchange.prompt_tokens},
              {"output_tokens", 0}}}};
}

/// Messages of Anthropic's API, as llama-server writes them.
/// https://docs.anthropic.com/en/api/messages-streaming
class MessageShapes : public Shapes {
public:
    std::string token(const Exchange& exchange, std::size_t index) const override {
        const std::string before = index == 0 ? start(exchange) : "";
        if (!exchange.request.tool.empty()) {
            return before + opened(0, tool_block(exchange)) +
                   added(0, {{"type", "input_json_delta"},
                             {"partial_json", exchange.answer.tokens[index]}});
        }
        const std::string& text = exchange.answer.tokens[index];
        if (index < exchange.thought) {
            return before +
                   (index == 0 ? opened(0, {{"type", "thinking"}, {"thinking", ""}}) : "") +
                   added(0, {{"type", "thinking_delta"}, {"thinking", text}});
        }
        const int block = exchange.thought > 0 ? 1 : 0;
        return before +
               (index == exchange.thought ? opened(block, {{"type", "text"}, {"text", ""}}) : "") +
               added(block, {{"type", "text_delta"}, {"text", text}});
    }

    /// Nobody can ask for it.
    std::string progress(const Exchange& /*exchange*/, std::int64_t /*done*/,
                         double /*time_ms*/) const override {
        return "";
    }

    std::string last(const Exchange& exchange) const override {
        std::string out = exchange.answer.tokens.empty() ? start(exchange) : "";
        for (std::size_t block = 0; block < content(exchange).size(); ++block) {
            out += typed_sse({{"type", "content_block_stop"}, {"index", block}});
        }
        out += typed_sse(
            {{"type", "message_delta"},
             {"delta",
              {{"stop_reason", stop_reason(exchange)}, {"stop_sequence", stop_sequence(exchange)}}},
             {"usage", {{"output_tokens", tokens_generated(exchange)}}}});
        return out + typed_sse({{"type", "message_stop"}});
    }

    std::string document(const Exchange& exchange) const override {
        Json out = empty_message(exchange);
        out["content"] = content(exchange);
        out["stop_reason"] = stop_reason(exchange);
        out["stop_sequence"] = stop_sequence(exchange);
        out["usage"]["output_tokens"] = tokens_generated(exchange);
        return wire::encode_json(out);
    }

    std::string error(std::string_view message) const override {
        return sse("error", failure(message));
    }

private:
    static std::string start(const Exchange& exchange) {
        return typed_sse({{"type", "message_start"}, {"message", empty_message(exchange)}});
    }
    static std::string opened(int index, Json block) {
        return typed_sse({{"type", "content_block_start"},
                          {"index", index},
                          {"content_block", std::move(block)}});
    }
    static std::string added(int index, Json delta) {
        return typed_sse(
            {{"type", "content_block_delta"}, {"index", index}, {"delta", std::move(delta)}});
    }

    static Json content(const Exchange& exchange) {
        if (!exchange.request.tool.empty()) {
            Json block = tool_block(exchange);
            block["input"] = Json::parse(text_of(exchange.answer.tokens));
            return Json::array({std::move(block)});
        }
        Json blocks = Json::array();
        if (const std::string thought = thought_of(exchange); !thought.empty()) {
            blocks.push_back({{"type", "thinking"}, {"thinking", thought}, {"signature", ""}});
        }
        if (const std::string spoken = spoken_of(exchange); !spoken.empty()) {
            blocks.push_back({{"type", "text"}, {"text", spoken}});
        }
        return blocks;
    }
};

}  // namespace

const Shapes& message_shapes() {
    static const MessageShapes shapes;
    return shapes;
}

}  // namespace threadrunner::dummy
