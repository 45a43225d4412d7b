#include <utility>

#include "dummy/shape_parts.h"
#include "dummy/shapes.h"

namespace threadrunner::dummy {
namespace {

using wire::Json;

std::string id_of(const Exchange& exchange, std::string_view what) {
    return std::string(what) + "_" + std::to_string(exchange.id);
}

Json text_part(const std::string& text) {
    return {{"type", "output_text"},
            {"annotations", Json::array()},
            {"logprobs", Json::array()},
            {"text", text}};
}

Json message_item(const Exchange& exchange, std::string_view status, Json content) {
    return {{"id", id_of(exchange, "msg")},
            {"type", "message"},
            {"role", "assistant"},
            {"status", status},
            {"content", std::move(content)}};
}

Json reasoning_item(const Exchange& exchange, std::string_view status, Json content) {
    return {
        {"id", id_of(exchange, "rs")}, {"type", "reasoning"},     {"status", status},
        {"summary", Json::array()},    {"encrypted_content", ""}, {"content", std::move(content)}};
}

Json call_item(const Exchange& exchange, std::string_view status, std::string arguments) {
    return {{"id", id_of(exchange, "fc")},
            {"type", "function_call"},
            {"status", status},
            {"call_id", id_of(exchange, "call")},
            {"name", exchange.request.tool},
            {"arguments", std::move(arguments)}};
}

/// What the answer consists of, when it is whole.
Json output(const Exchange& exchange) {
    constexpr std::string_view completed = "completed";
    if (!exchange.request.tool.empty()) {
        return Json::array({call_item(exchange, completed, text_of(exchange.answer.tokens))});
    }
    Json items = Json::array();
    if (const std::string thought = thought_of(exchange); !thought.empty()) {
        Json part = {{"type", "reasoning_text"}, {"text", thought}};
        items.push_back(reasoning_item(exchange, completed, Json::array({std::move(part)})));
    }
    if (const std::string spoken = spoken_of(exchange); !spoken.empty()) {
        items.push_back(message_item(exchange, completed, Json::array({text_part(spoken)})));
    }
    return items;
}

Json response(const Exchange& exchange) {
    return {{"id", id_of(exchange, "resp")},
            {"object", "response"},
            {"status", "completed"},
            {"created_at", exchange.created},
            {"model", model_name},
            {"output", output(exchange)},
            {"usage",
             {{"input_tokens", exchange.prompt_tokens},
              {"output_tokens", tokens_generated(exchange)},
              {"total_tokens", exchange.prompt_tokens + tokens_generated(exchange)},
              {"input_tokens_details", {{"cached_tokens", 0}}}}}};
}

/// OpenAI's Responses, as llama-server writes them.
/// https://platform.openai.com/docs/api-reference/responses-streaming
class ResponseShapes : public Shapes {
public:
    std::string token(const Exchange& exchange, std::size_t index) const override {
        const std::string& text = exchange.answer.tokens[index];
        std::string out = index == 0 ? start(exchange) : "";
        if (!exchange.request.tool.empty()) {
            return out + added(call_item(exchange, "in_progress", "")) +
                   delta("response.function_call_arguments.delta", id_of(exchange, "fc"), text);
        }
        if (index < exchange.thought) {
            out += index == 0 ? added(reasoning_item(exchange, "in_progress", Json::array())) : "";
            return out + delta("response.reasoning_text.delta", id_of(exchange, "rs"), text);
        }
        if (index == exchange.thought) {
            out += added(message_item(exchange, "in_progress", Json::array()));
            out += typed_sse({{"type", "response.content_part.added"},
                              {"item_id", id_of(exchange, "msg")},
                              {"part", {{"type", "output_text"}, {"text", ""}}}});
        }
        return out + delta("response.output_text.delta", id_of(exchange, "msg"), text);
    }

    std::string progress(const Exchange& exchange, std::int64_t /*done*/,
                         double /*time_ms*/) const override {
        return in_progress(exchange, "response.in_progress");
    }

    std::string last(const Exchange& exchange) const override {
        std::string out = exchange.answer.tokens.empty() ? start(exchange) : "";
        for (const Json& item : output(exchange)) {
            out += item.at("type") == "message" ? text_done(exchange) : "";
            out += typed_sse({{"type", "response.output_item.done"}, {"item", item}});
        }
        return out + typed_sse({{"type", "response.completed"},
                                {"response", response(exchange)},
                                {"timings", timings(exchange)}});
    }

    std::string document(const Exchange& exchange) const override {
        Json out = response(exchange);
        out["completed_at"] = exchange.created;
        return wire::encode_json(out);
    }

private:
    static std::string in_progress(const Exchange& exchange, std::string_view type) {
        return typed_sse({{"type", type},
                          {"response",
                           {{"id", id_of(exchange, "resp")},
                            {"object", "response"},
                            {"status", "in_progress"}}}});
    }
    static std::string start(const Exchange& exchange) {
        return in_progress(exchange, "response.created") +
               in_progress(exchange, "response.in_progress");
    }
    static std::string added(Json item) {
        return typed_sse({{"type", "response.output_item.added"}, {"item", std::move(item)}});
    }
    static std::string delta(std::string_view type, const std::string& item,
                             const std::string& text) {
        return typed_sse({{"type", type}, {"item_id", item}, {"delta", text}});
    }
    static std::string text_done(const Exchange& exchange) {
        const std::string item = id_of(exchange, "msg");
        const std::string text = spoken_of(exchange);
        return typed_sse(
                   {{"type", "response.output_text.done"}, {"item_id", item}, {"text", text}}) +
               typed_sse({{"type", "response.content_part.done"},
                          {"item_id", item},
                          {"part", text_part(text)}});
    }
};

}  // namespace

const Shapes& response_shapes() {
    static const ResponseShapes shapes;
    return shapes;
}

}  // namespace threadrunner::dummy
