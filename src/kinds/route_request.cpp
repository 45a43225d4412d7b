#include "kinds/route_request.h"

#include <cassert>
#include <optional>

namespace threadrunner {
namespace {

using wire::Json;

constexpr const char* schema_member = "json_schema";

template <class T>
void put(Json& body, const char* name, const std::optional<T>& value) {
    if (value) {
        body[name] = *value;
    }
}

void put_sampling(Json& body, const work::Sampling& sampling) {
    put(body, "temperature", sampling.temperature);
    put(body, "top_p", sampling.top_p);
    put(body, "top_k", sampling.top_k);
    put(body, "min_p", sampling.min_p);
    put(body, "typical_p", sampling.typical_p);
    put(body, "repeat_penalty", sampling.repeat_penalty);
    put(body, "repeat_last_n", sampling.repeat_last_n);
    put(body, "presence_penalty", sampling.presence_penalty);
    put(body, "frequency_penalty", sampling.frequency_penalty);
    put(body, "mirostat", sampling.mirostat);
    put(body, "mirostat_tau", sampling.mirostat_tau);
    put(body, "mirostat_eta", sampling.mirostat_eta);
    put(body, "seed", sampling.seed);
    if (!sampling.stop.empty()) {
        body["stop"] = sampling.stop;
    }
}

/// The members that mean the same on both generating routes.
Json common_body(const work::Generate& generate) {
    Json body = {{"stream", true}, {"return_progress", true}, {"cache_prompt", true}};
    put_sampling(body, generate.sampling);
    if (!generate.grammar.empty()) {
        body["grammar"] = generate.grammar;
    }
    if (!generate.json_schema.empty()) {
        body[schema_member] = generate.json_schema;
    }
    return body;
}

RouteRequest completion(const work::Generate& generate) {
    Json body = common_body(generate);
    body["prompt"] = generate.prompt;
    put(body, "n_predict", generate.sampling.max_tokens);
    put(body, "n_probs", generate.logprobs);
    return {.path = "/completion", .body = std::move(body)};
}

RouteRequest chat(const work::Generate& generate) {
    Json body = common_body(generate);
    Json messages = Json::array();
    if (!generate.system.empty()) {
        messages.push_back({{"role", "system"}, {"content", generate.system}});
    }
    if (generate.messages.is_array()) {
        messages.insert(messages.end(), generate.messages.begin(), generate.messages.end());
    } else {
        messages.push_back({{"role", "user"}, {"content", generate.prompt}});
    }
    body["messages"] = std::move(messages);
    put(body, "max_tokens", generate.sampling.max_tokens);
    if (!generate.tools.is_null()) {
        body["tools"] = generate.tools;
    }
    if (generate.think) {
        body["chat_template_kwargs"] = {{"enable_thinking", *generate.think}};
    }
    if (generate.logprobs) {
        body["logprobs"] = true;
        body["top_logprobs"] = *generate.logprobs;
    }
    return {.path = "/v1/chat/completions", .body = std::move(body)};
}

struct ToRoute {
    RouteRequest operator()(const work::Generate& work) const {
        return work.raw ? completion(work) : chat(work);
    }
    RouteRequest operator()(const work::Embed& work) const {
        return {.path = "/v1/embeddings", .body = {{"input", work.inputs}}};
    }
    RouteRequest operator()(const work::Tokenize& work) const {
        return {.path = "/tokenize", .body = {{"content", work.text}, {"with_pieces", true}}};
    }
    RouteRequest operator()(const work::Detokenize& work) const {
        return {.path = "/detokenize", .body = {{"tokens", work.tokens}}};
    }
    RouteRequest operator()(const auto&) const {
        assert(false && "loading has no route, and a route needs none made for it");
        return {};
    }
};

}  // namespace

RouteRequest route_request(const Work& work) { return std::visit(ToRoute{}, work); }

std::string body_text(const RouteRequest& request) {
    const auto schema = request.body.find(schema_member);
    if (schema == request.body.end() || !schema->is_string()) {
        return wire::encode_json(request.body);
    }
    Json others = request.body;
    others.erase(schema_member);
    std::string out = wire::encode_json(others);
    out.pop_back();
    out += others.empty() ? "" : ",";
    return out + "\"json_schema\":" + schema->get_ref<const std::string&>() + "}";
}

}  // namespace threadrunner
