#include "kinds/route_reply.h"

#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "wire/lookup.h"

namespace threadrunner {
namespace {

using wire::Json;
using wire::member;
using wire::text_at;

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

/// A list of tokens on either route; chat wraps it.
const Json& logprobs_list(const Json& logprobs) {
    return logprobs.is_object() ? member(logprobs, "content") : logprobs;
}

void push_token(const Json& text, const Json& logprobs, std::vector<Event>& out) {
    if (text.is_string() && !text.get_ref<const std::string&>().empty()) {
        out.push_back(
            event::Token{.text = text.get<std::string>(), .logprobs = logprobs_list(logprobs)});
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
        std::string bytes = text_at(token, "piece");
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
    std::optional<Error>& error;
    std::vector<Event>& out;

    /// Servers that know no streams answer a generation with a document.
    void operator()(const work::Generate&) const {
        const Json& choices = member(document, "choices");
        if (!choices.is_array() || choices.empty()) {
            error = Error{.code = ErrorCode::inference_failed,
                          .message = "the worker's answer has neither text nor an error"};
            return;
        }
        push_token(member(member(choices.front(), "message"), "content"),
                   member(choices.front(), "logprobs"), out);
        if (text_at(choices.front(), "finish_reason") == "length") {
            done.reason = event::Reason::length;
        }
    }
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
        done.result = {{"text", text_at(document, "content")}};
    }
    void operator()(const auto&) const { done.result = document; }
};

ErrorCode code_of(std::int64_t status, std::string_view type) {
    if (status == 401 || type == "authentication_error") {
        return ErrorCode::unauthorized;
    }
    if (status == 400 || status == 422 || type == "invalid_request_error") {
        return ErrorCode::invalid_request;
    }
    if (status == 501 || type == "not_supported_error") {
        return ErrorCode::not_supported;
    }
    switch (status) {
        case 403:
            return ErrorCode::forbidden;
        case 404:
            return ErrorCode::not_found;
        case 413:
            return ErrorCode::too_large;
        case 429:
            return ErrorCode::overloaded;
        case 502:
        case 503:
        case 504:
            return ErrorCode::unreachable;
        default:
            return ErrorCode::inference_failed;
    }
}

}  // namespace

Error route_error(std::int64_t status, const Json& document) {
    const Json& error =
        member(document, "error").is_object() ? member(document, "error") : document;
    const std::string type = text_at(error, "type");
    std::string message = text_at(error, "message");
    if (type == "exceed_context_size_error") {
        return {.code = ErrorCode::context_exceeded,
                .message =
                    "the prompt has " + std::to_string(count_of(member(error, "n_prompt_tokens"))) +
                    " tokens, the model's context holds " +
                    std::to_string(count_of(member(error, "n_ctx"))) +
                    "; shorten the prompt, or give the model more: threadrunner models set NAME "
                    "context=TOKENS, or for all models the setting engine.context"};
    }
    if (message.empty()) {
        message = text_at(document, "error") + text_at(document, "detail");
    }
    return {.code = code_of(status, type),
            .message = message.empty() ? "the worker answered with status " + std::to_string(status)
                                       : std::move(message)};
}

event::Done read_done(const Json& frame) {
    const bool cancelled = text_at(frame, "reason") == "cancelled";
    return {.reason = cancelled ? event::Reason::cancelled : event::Reason::stop,
            .usage = usage_of(member(frame, "usage")),
            .timings = member(frame, "timings")};
}

void RouteReply::receive(const Json& frame, std::vector<Event>& out) {
    const std::string event = text_at(frame, "ev");
    if (event == "body") {
        const Json& data = member(frame, "data");
        if (data.is_string()) {
            on_body(data.get_ref<const std::string&>(), out);
        }
    } else if (event == "head") {
        status_ = count_of(member(frame, "status"));
        streams_ = text_at(frame, "content_type").starts_with("text/event-stream");
    } else if (event == "done") {
        on_done(frame, out);
    } else if (event == "error") {
        out.push_back(Error{.code = error_code_from(text_at(frame, "code")),
                            .message = text_at(frame, "message")});
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
        whole_ = true;
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
        const std::string reasoning = text_at(delta, "reasoning_content");
        if (!reasoning.empty()) {
            out.push_back(event::Reasoning{.text = reasoning});
        }
        push_token(member(delta, "content"), member(choice, "logprobs"), out);
        on_tool_calls(member(delta, "tool_calls"));
        whole_ = whole_ || member(choice, "finish_reason").is_string();
        on_finish_reason(text_at(choice, "finish_reason"));
    }
}

void RouteReply::on_completion_chunk(const Json& chunk, std::vector<Event>& out) {
    push_progress(member(chunk, "prompt_progress"), out);
    push_token(member(chunk, "content"), member(chunk, "completion_probabilities"), out);
    whole_ = whole_ || member(chunk, "stop") == true;
    if (text_at(chunk, "stop_type") == "limit") {
        reason_ = event::Reason::length;
    }
}

void RouteReply::on_tool_calls(const Json& calls) {
    for (const Json& call : calls) {
        PartialCall& partial = calls_[count_of(member(call, "index"))];
        const Json& function = member(call, "function");
        partial.name += text_at(function, "name");
        partial.arguments += text_at(function, "arguments");
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
    event::Done done = read_done(frame);
    if (done.reason == event::Reason::cancelled) {
        out.push_back(std::move(done));
        return;
    }
    done.reason = reason_;
    if (!error_ && (status_ >= 400 || !streams_)) {
        finish_document(done, out);
    }
    if (streams_ && !whole_ && !error_) {
        error_ = Error{.code = ErrorCode::worker_crashed,
                       .message =
                           "the worker's answer ended before its end; send the request "
                           "again"};
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
    } else if (!member(*document, "error").is_null()) {
        error_ = route_error(status_, *document);
    } else {
        std::visit(ReadDocument{.document = *document, .done = done, .error = error_, .out = out},
                   work_);
    }
}

}  // namespace threadrunner
