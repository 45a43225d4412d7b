#include "wire/event.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "wire/fields.h"

namespace threadrunner {

bool ends_job(const Event& event) {
    return std::holds_alternative<event::Done>(event) || std::holds_alternative<Error>(event);
}

namespace wire {
namespace {

constexpr std::array reason_names = {
    std::pair{event::Reason::stop, std::string_view("stop")},
    std::pair{event::Reason::length, std::string_view("length")},
    std::pair{event::Reason::tool_calls, std::string_view("tool_calls")},
    std::pair{event::Reason::cancelled, std::string_view("cancelled")},
};

constexpr std::array tool_state_names = {
    std::pair{event::Tool::State::asks, std::string_view("asks")},
    std::pair{event::Tool::State::runs, std::string_view("runs")},
    std::pair{event::Tool::State::done, std::string_view("done")},
    std::pair{event::Tool::State::failed, std::string_view("failed")},
    std::pair{event::Tool::State::refused, std::string_view("refused")},
};

struct ToJson {
    Json operator()(const event::Accepted& e) const { return {{"ev", "accepted"}, {"job", e.job}}; }
    Json operator()(const event::Queued& e) const {
        return {{"ev", "queued"}, {"position", e.position}};
    }
    Json operator()(const event::Load& e) const {
        Json out = {{"ev", "load"}, {"stage", e.stage}, {"fraction", e.fraction}};
        if (e.done_bytes) {
            out["done_bytes"] = *e.done_bytes;
        }
        if (e.total_bytes) {
            out["total_bytes"] = *e.total_bytes;
        }
        return out;
    }
    Json operator()(const event::Prompt& e) const {
        return {{"ev", "prompt"}, {"done", e.done}, {"total", e.total}, {"cached", e.cached}};
    }
    Json operator()(const event::Reasoning& e) const {
        return {{"ev", "reasoning"}, {"text", e.text}};
    }
    Json operator()(const event::Token& e) const {
        Json out = {{"ev", "token"}, {"text", e.text}};
        if (!e.logprobs.is_null()) {
            out["logprobs"] = e.logprobs;
        }
        return out;
    }
    Json operator()(const event::ToolCall& e) const {
        return {{"ev", "tool_call"}, {"name", e.name}, {"arguments", e.arguments}};
    }
    Json operator()(const event::Tool& e) const {
        Json out = {{"ev", "tool"},
                    {"call", e.call},
                    {"name", e.name},
                    {"state", tool_state_names[static_cast<std::size_t>(e.state)].second}};
        if (!e.arguments.is_null()) {
            out["arguments"] = e.arguments;
        }
        if (!e.result.is_null()) {
            out["result"] = e.result;
        }
        if (!e.message.empty()) {
            out["message"] = e.message;
        }
        return out;
    }
    Json operator()(const event::Log& e) const {
        return {{"ev", "log"}, {"stream", e.stream}, {"text", e.text}};
    }
    Json operator()(const event::Output& e) const { return {{"ev", "output"}, {"value", e.value}}; }
    Json operator()(const event::Head& e) const {
        return {{"ev", "head"}, {"status", e.status}, {"content_type", e.content_type}};
    }
    Json operator()(const event::Body& e) const { return {{"ev", "body"}, {"data", e.data}}; }
    Json operator()(const event::Done& e) const {
        Json out = {{"ev", "done"}, {"reason", reason_name(e.reason)}};
        if (e.usage) {
            out["usage"] = {{"prompt", e.usage->prompt},
                            {"cached", e.usage->cached},
                            {"completion", e.usage->completion}};
        }
        if (!e.timings.is_null()) {
            out["timings"] = e.timings;
        }
        if (!e.result.is_null()) {
            out["result"] = e.result;
        }
        return out;
    }
    Json operator()(const Error& e) const {
        Json out = {{"ev", "error"},
                    {"code", traits(e.code).name},
                    {"message", e.message},
                    {"retryable", traits(e.code).retryable}};
        if (e.retry_after) {
            out["retry_after_ms"] = e.retry_after->count();
        }
        return out;
    }
};

std::int64_t count_of(Fields& fields, std::string_view name) {
    return fields.integer(name, 0).value_or(0);
}

std::string text_of(Fields& fields, std::string_view name) {
    return fields.required(fields.text(name), name);
}

Event tool_from(Fields& fields) {
    event::Tool tool{.call = text_of(fields, "call"),
                     .name = text_of(fields, "name"),
                     .arguments = fields.value("arguments"),
                     .result = fields.value("result"),
                     .message = fields.text("message").value_or("")};
    const std::string name = text_of(fields, "state");
    const auto* const state =
        std::ranges::find(tool_state_names, name, [](const auto& row) { return row.second; });
    if (state == tool_state_names.end()) {
        fields.refuse("a tool's call in the unknown state '" + name + "'");
    } else {
        tool.state = state->first;
    }
    return tool;
}

Event done_from(Fields& fields) {
    event::Done done;
    const std::string reason = fields.text("reason").value_or("stop");
    for (const auto& [value, name] : reason_names) {
        if (name == reason) {
            done.reason = value;
        }
    }
    const Json usage = fields.value("usage");
    if (!usage.is_null()) {
        Fields counts(usage, "usage");
        done.usage = event::Usage{.prompt = count_of(counts, "prompt"),
                                  .cached = count_of(counts, "cached"),
                                  .completion = count_of(counts, "completion")};
        if (auto checked = counts.check(); !checked) {
            fields.refuse(checked.error().message);
        }
    }
    done.timings = fields.value("timings");
    done.result = fields.value("result");
    return done;
}

Event error_from(Fields& fields) {
    Error error{.code = error_code_from(fields.text("code").value_or("")),
                .message = fields.text("message").value_or("")};
    if (auto wait = fields.integer("retry_after_ms", 0)) {
        error.retry_after = std::chrono::milliseconds(*wait);
    }
    return error;
}

struct Reader {
    std::string_view ev;
    Event (*read)(Fields&);
};

constexpr std::array readers = {
    Reader{"accepted",
           [](Fields& f) -> Event { return event::Accepted{.job = text_of(f, "job")}; }},
    Reader{"queued",
           [](Fields& f) -> Event {
               return event::Queued{.position =
                                        static_cast<std::uint64_t>(count_of(f, "position"))};
           }},
    Reader{"load",
           [](Fields& f) -> Event {
               return event::Load{.stage = text_of(f, "stage"),
                                  .fraction = f.number("fraction", 0, 1).value_or(0),
                                  .done_bytes = f.integer("done_bytes", 0),
                                  .total_bytes = f.integer("total_bytes", 0)};
           }},
    Reader{"prompt",
           [](Fields& f) -> Event {
               return event::Prompt{.done = count_of(f, "done"),
                                    .total = count_of(f, "total"),
                                    .cached = count_of(f, "cached")};
           }},
    Reader{"reasoning",
           [](Fields& f) -> Event { return event::Reasoning{.text = text_of(f, "text")}; }},
    Reader{"token",
           [](Fields& f) -> Event {
               return event::Token{.text = text_of(f, "text"), .logprobs = f.value("logprobs")};
           }},
    Reader{"tool_call",
           [](Fields& f) -> Event {
               return event::ToolCall{.name = text_of(f, "name"),
                                      .arguments = f.value("arguments")};
           }},
    Reader{"tool", tool_from},
    Reader{"log",
           [](Fields& f) -> Event {
               return event::Log{.stream = text_of(f, "stream"), .text = text_of(f, "text")};
           }},
    Reader{"output", [](Fields& f) -> Event { return event::Output{.value = f.value("value")}; }},
    Reader{"head",
           [](Fields& f) -> Event {
               return event::Head{.status = count_of(f, "status"),
                                  .content_type = text_of(f, "content_type")};
           }},
    Reader{"body", [](Fields& f) -> Event { return event::Body{.data = text_of(f, "data")}; }},
    Reader{"done", done_from},
    Reader{"error", error_from},
};

}  // namespace

std::string_view reason_name(event::Reason reason) {
    return reason_names[static_cast<std::size_t>(reason)].second;
}

Json event_to_json(const Event& event) { return std::visit(ToJson{}, event); }

Result<Event> event_from_json(const Json& json) {
    Fields fields(json, "the event");
    const std::string kind = text_of(fields, "ev");
    const auto* const reader = std::ranges::find(readers, kind, &Reader::ev);
    if (reader == readers.end()) {
        fields.refuse("an event of unknown kind '" + kind + "'");
    }
    Event event;
    if (reader != readers.end()) {
        event = reader->read(fields);
    }
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return event;
}

}  // namespace wire
}  // namespace threadrunner
