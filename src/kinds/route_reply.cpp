#include "kinds/route_reply.h"

#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner {
namespace {

using wire::Json;

const Json& member(const Json& object, const char* name) {
    static const Json null;
    if (!object.is_object()) {
        return null;
    }
    const auto found = object.find(name);
    return found == object.end() ? null : *found;
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t count_of(const Json& value) {
    return value.is_number() ? value.get<std::int64_t>() : 0;
}

std::optional<event::Usage> usage_of(const Json& usage) {
    if (!usage.is_object()) {
        return std::nullopt;
    }
    return event::Usage{.prompt = count_of(member(usage, "prompt")),
                        .cached = count_of(member(usage, "cached")),
                        .completion = count_of(member(usage, "completion"))};
}

void push_token(const Json& text, const Json& logprobs, std::vector<Event>& out) {
    if (text.is_string() && !text.get_ref<const std::string&>().empty()) {
        out.push_back(event::Token{.text = text.get<std::string>(), .logprobs = logprobs});
    }
}

void push_progress(const Json& progress, std::vector<Event>& out) {
    if (progress.is_object()) {
        out.push_back(event::Prompt{.done = count_of(member(progress, "processed")),
                                    .total = count_of(member(progress, "total")),
                                    .cached = count_of(member(progress, "cache"))});
    }
}

/// /tokenize lists plain ids, or ids with their pieces; a piece that is no text comes as bytes.
Json tokens_result(const Json& tokens) {
    Json ids = Json::array();
    Json pieces = Json::array();
    for (const Json& token : tokens) {
        if (!token.is_object()) {
            ids.push_back(token);
            continue;
        }
        ids.push_back(member(token, "id"));
        const Json& piece = member(token, "piece");
        std::string bytes = text_of(piece);
        for (const Json& byte : piece.is_array() ? piece : Json::array()) {
            bytes += static_cast<char>(count_of(byte));
        }
        pieces.push_back(utf8_repair(bytes));
    }
    Json out = {{"tokens", std::move(ids)}};
    if (!pieces.empty()) {
        out["pieces"] = std::move(pieces);
    }
    return out;
}

/// What a whole document means for each kind of work.
struct ReadDocument {
    const Json& document;
    event::Done& done;
    std::vector<Event>& out;

    void operator()(const work::Embed&) const {
        std::map<std::int64_t, const Json*> by_index;
        for (const Json& item : member(document, "data")) {
            by_index[count_of(member(item, "index"))] = &member(item, "embedding");
        }
        for (const auto& [index, vector] : by_index) {
            out.push_back(event::Output{.value = *vector});
        }
    }
    void operator()(const work::Tokenize&) const {
        done.result = tokens_result(member(document, "tokens"));
    }
    void operator()(const work::Detokenize&) const {
        done.result = {{"text", text_of(member(document, "content"))}};
    }
    void operator()(const auto&) const { done.result = document; }
};

}  // namespace

Error route_error(std::int64_t status, const Json& document) {
    const Json& error =
        member(document, "error").is_object() ? member(document, "error") : document;
    const std::string type = text_of(member(error, "type"));
    std::string message = text_of(member(error, "message"));
    if (type == "exceed_context_size_error") {
        return {.code = ErrorCode::context_exceeded,
                .message = "the prompt has " +
                           std::to_string(count_of(member(error, "n_prompt_tokens"))) +
                           " tokens, the model's context holds " +
                           std::to_string(count_of(member(error, "n_ctx"))) +
                           "; shorten the prompt or raise the setting engine.context"};
    }
    ErrorCode code = ErrorCode::inference_failed;
    if (status == 400 || type == "invalid_request_error") {
        code = ErrorCode::invalid_request;
    } else if (status == 404) {
        code = ErrorCode::not_found;
    } else if (status == 501 || type == "not_supported_error") {
        code = ErrorCode::not_supported;
    }
    return {.code = code,
            .message = message.empty() ? "the worker answered with status " + std::to_string(status)
                                       : std::move(message)};
}

void RouteReply::receive(const Json& frame, std::vector<Event>& out) {
    const std::string event = text_of(member(frame, "ev"));
    if (event == "body") {
        const Json& data = member(frame, "data");
        if (data.is_string()) {
            on_body(data.get_ref<const std::string&>(), out);
        }
    } else if (event == "head") {
        status_ = count_of(member(frame, "status"));
        streams_ = text_of(member(frame, "content_type")).starts_with("text/event-stream");
    } else if (event == "done") {
        on_done(frame, out);
    } else if (event == "error") {
        out.push_back(Error{.code = error_code_from(text_of(member(frame, "code"))),
                            .message = text_of(member(frame, "message"))});
    }
}

void RouteReply::on_body(const std::string& data, std::vector<Event>& out) {
    if (error_) {
        return;  // what follows a fault is no answer
    }
    const bool streams = streams_ && status_ < 400;
    const std::size_t held = streams ? sse_.held() : document_.size();
    if (held + data.size() > limits::worker_frame_bytes_max) {
        error_ = Error{.code = ErrorCode::too_large,
                       .message = "the worker's answer is larger than " +
                                  format_bytes(limits::worker_frame_bytes_max)};
    } else if (streams) {
        sse_.push(data, [&](std::string_view chunk) { on_chunk(chunk, out); });
    } else {
        document_ += data;
    }
}

void RouteReply::on_chunk(std::string_view data, std::vector<Event>& out) {
    if (data == "[DONE]" || error_) {
        return;
    }
    auto chunk = wire::decode_json(data);
    if (!chunk) {
        error_ =
            Error{.code = ErrorCode::inference_failed,
                  .message = "the worker sent a chunk that is not JSON: " + chunk.error().message};
    } else if (chunk->contains("error")) {
        error_ = route_error(500, *chunk);
    } else if (chunk->contains("choices")) {
        on_chat_chunk(*chunk, out);
    } else {
        on_completion_chunk(*chunk, out);
    }
}

void RouteReply::on_chat_chunk(const Json& chunk, std::vector<Event>& out) {
    push_progress(member(chunk, "prompt_progress"), out);
    for (const Json& choice : member(chunk, "choices")) {
        const Json& delta = member(choice, "delta");
        const std::string reasoning = text_of(member(delta, "reasoning_content"));
        if (!reasoning.empty()) {
            out.push_back(event::Reasoning{.text = reasoning});
        }
        push_token(member(delta, "content"), member(choice, "logprobs"), out);
        on_tool_calls(member(delta, "tool_calls"));
        on_finish_reason(text_of(member(choice, "finish_reason")));
    }
}

void RouteReply::on_completion_chunk(const Json& chunk, std::vector<Event>& out) {
    push_progress(member(chunk, "prompt_progress"), out);
    push_token(member(chunk, "content"), member(chunk, "completion_probabilities"), out);
    if (text_of(member(chunk, "stop_type")) == "limit") {
        reason_ = event::Reason::length;
    }
}

void RouteReply::on_tool_calls(const Json& calls) {
    for (const Json& call : calls) {
        PartialCall& partial = calls_[count_of(member(call, "index"))];
        const Json& function = member(call, "function");
        partial.name += text_of(member(function, "name"));
        partial.arguments += text_of(member(function, "arguments"));
    }
}

void RouteReply::on_finish_reason(std::string_view reason) {
    if (reason == "length") {
        reason_ = event::Reason::length;
    } else if (reason == "tool_calls") {
        reason_ = event::Reason::tool_calls;
    }
}

void RouteReply::on_done(const Json& frame, std::vector<Event>& out) {
    event::Done done{.reason = reason_,
                     .usage = usage_of(member(frame, "usage")),
                     .timings = member(frame, "timings")};
    if (text_of(member(frame, "reason")) == "cancelled") {
        done.reason = event::Reason::cancelled;
        out.push_back(std::move(done));
        return;
    }
    if (!error_ && (status_ >= 400 || !streams_)) {
        finish_document(done, out);
    }
    if (error_) {
        out.push_back(*error_);
        return;
    }
    for (auto& [index, call] : calls_) {
        // Models do not always write valid JSON; then the text itself is the honest answer.
        auto arguments = wire::decode_json(call.arguments);
        out.push_back(
            event::ToolCall{.name = call.name,
                            .arguments = arguments ? *std::move(arguments) : Json(call.arguments)});
    }
    out.push_back(std::move(done));
}

void RouteReply::finish_document(event::Done& done, std::vector<Event>& out) {
    auto document = wire::decode_json(document_);
    if (status_ >= 400) {
        error_ = route_error(status_, document ? *document : Json());
    } else if (!document) {
        error_ = Error{.code = ErrorCode::inference_failed,
                       .message = "the worker's answer is not JSON: " + document.error().message};
    } else {
        std::visit(ReadDocument{.document = *document, .done = done, .out = out}, work_);
    }
}

}  // namespace threadrunner
