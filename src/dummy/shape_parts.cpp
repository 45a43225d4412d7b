#include "dummy/shape_parts.h"

#include <algorithm>

namespace threadrunner::dummy {
namespace {

using wire::Json;

std::size_t thought_tokens(const Exchange& exchange) {
    return std::min(exchange.thought, exchange.answer.tokens.size());
}

}  // namespace

std::string sse(const Json& data) { return "data: " + wire::encode_json(data) + "\n\n"; }

std::string sse(std::string_view name, const Json& data) {
    return "event: " + std::string(name) + "\n" + sse(data);
}

std::string typed_sse(const Json& data) {
    return sse(data.at("type").get_ref<const std::string&>(), data);
}

std::int64_t tokens_generated(const Exchange& exchange) {
    return static_cast<std::int64_t>(exchange.answer.generated);
}

std::int64_t tokens_written(const Exchange& exchange) {
    return tokens_generated(exchange) * static_cast<std::int64_t>(exchange.request.answers);
}

std::string text_of(std::span<const std::string> tokens) {
    std::string text;
    for (const std::string& token : tokens) {
        text += token;
    }
    return text;
}

Json failure(std::string_view message) {
    return {{"code", 500}, {"message", message}, {"type", "server_error"}};
}

std::string thought_of(const Exchange& exchange) {
    return text_of(std::span(exchange.answer.tokens).first(thought_tokens(exchange)));
}

std::string spoken_of(const Exchange& exchange) {
    return text_of(std::span(exchange.answer.tokens).subspan(thought_tokens(exchange)));
}

}  // namespace threadrunner::dummy
