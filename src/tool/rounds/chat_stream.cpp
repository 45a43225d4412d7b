#include "tool/rounds/chat_stream.h"

#include <algorithm>
#include <utility>

#include "wire/lookup.h"

namespace threadrunner::tool {
namespace {

using wire::Json;
using wire::member;
using wire::text_at;

std::string sse(const Json& chunk) { return "data: " + wire::encode_json(chunk) + "\n\n"; }

/// The chunk's only choice; null where it has none.
Json* choice_of(Json& chunk) {
    const auto choices = chunk.find("choices");
    const bool has = choices != chunk.end() && choices->is_array() && !choices->empty() &&
                     choices->front().is_object();
    return has ? &choices->front() : nullptr;
}

}  // namespace

std::vector<ModelCall> read_calls(const Json& message) {
    std::vector<ModelCall> out;
    for (const Json& call : member(message, "tool_calls")) {
        const Json& function = member(call, "function");
        out.push_back({.id = text_at(call, "id"),
                       .name = text_at(function, "name"),
                       .arguments = text_at(function, "arguments")});
    }
    return out;
}

Json calls_document(const std::vector<ModelCall>& calls) {
    Json out = Json::array();
    for (const ModelCall& call : calls) {
        out.push_back({{"index", out.size()},
                       {"id", call.id},
                       {"type", "function"},
                       {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    return out;
}

void put_usage(Json& document, const std::optional<event::Usage>& usage) {
    const auto found = document.find("usage");
    if (!usage || found == document.end() || !found->is_object()) {
        return;
    }
    (*found)["prompt_tokens"] = usage->prompt;
    (*found)["completion_tokens"] = usage->completion;
    (*found)["total_tokens"] = usage->prompt + usage->completion;
    if (const auto details = found->find("prompt_tokens_details");
        details != found->end() && details->is_object()) {
        (*details)["cached_tokens"] = usage->cached;
    }
}

void ChatStream::begin_answer() {
    sse_ = {};
    calls_.clear();
    text_.clear();
    last_ = nullptr;
    usage_ = nullptr;
    ++answers_;
}

std::string ChatStream::push(std::string_view events) {
    std::string out;
    sse_.push(events, [&](std::string_view data) { on_chunk(data, out); });
    return out;
}

void ChatStream::on_chunk(std::string_view data, std::string& out) {
    auto chunk = wire::decode_json(data);
    if (!chunk || !chunk->is_object()) {
        return;  // the end's mark
    }
    Json* choice = choice_of(*chunk);
    if (choice == nullptr) {
        if (member(*chunk, "usage").is_object()) {
            usage_ = *std::move(chunk);
        } else {
            out += sse(*chunk);
        }
        return;
    }
    Json& delta = (*choice)["delta"];
    take_calls(member(delta, "tool_calls"));
    text_ += text_at(delta, "content");
    if (delta.is_object()) {
        delta.erase("tool_calls");
        if (answers_ > 1) {
            delta.erase("role");  // the client has been told
        }
    }
    const bool says_something =
        delta.is_object() && std::ranges::any_of(delta, [](const Json& value) {
            return !value.is_null() &&
                   !(value.is_string() && value.get_ref<const std::string&>().empty());
        });
    if (member(*choice, "finish_reason").is_string()) {
        last_ = *std::move(chunk);
    } else if (says_something) {
        out += sse(*chunk);
    }
}

void ChatStream::take_calls(const Json& calls) {
    for (const Json& piece : calls) {
        const Json& index = member(piece, "index");
        const std::size_t at = index.is_number_unsigned() ? index.get<std::size_t>() : 0;
        ModelCall& call = calls_[at];
        call.id += text_at(piece, "id");
        call.name += text_at(member(piece, "function"), "name");
        call.arguments += text_at(member(piece, "function"), "arguments");
    }
}

std::vector<ModelCall> ChatStream::calls() const {
    std::vector<ModelCall> out;
    for (const auto& [at, call] : calls_) {
        out.push_back(call);
    }
    return out;
}

std::string ChatStream::finish(const std::vector<ModelCall>& calls,
                               const std::optional<event::Usage>& usage) const {
    std::string out;
    Json last = last_;
    if (Json* choice = last.is_object() ? choice_of(last) : nullptr; choice != nullptr) {
        if (!calls.empty()) {
            Json before = last;
            Json* told = choice_of(before);
            (*told)["delta"] = {{"tool_calls", calls_document(calls)}};
            (*told)["finish_reason"] = nullptr;
            before.erase("timings");
            before.erase("usage");
            out += sse(before);
        }
        put_usage(last, usage);
        out += sse(last);
    }
    if (usage_.is_object()) {
        Json told = usage_;
        put_usage(told, usage);
        out += sse(told);
    }
    return out + "data: [DONE]\n\n";
}

}  // namespace threadrunner::tool
