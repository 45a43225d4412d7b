#include "door/socket/v2.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/words.h"
#include "door/directories.h"
#include "door/offers.h"
#include "wire/fields.h"
#include "wire/frame.h"

namespace threadrunner::socket_v2 {
namespace {

using wire::Fields;
using wire::Json;

constexpr std::int64_t tokens_max = 1 << 30;
constexpr std::int64_t token_id_max = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t logprobs_max = 64;
constexpr std::int64_t deadline_ms_max = std::int64_t{1000} * 3600 * 24 * 365;

work::Sampling decode_sampling(Fields& fields) {
    return {.temperature = fields.number("temperature", 0, 100),
            .top_p = fields.number("top_p", 0, 1),
            .top_k = fields.integer("top_k", 0, tokens_max),
            .min_p = fields.number("min_p", 0, 1),
            .repeat_penalty = fields.number("repeat_penalty", 0, 100),
            .seed = fields.integer("seed", -1, (std::int64_t{1} << 32) - 1),
            .max_tokens = fields.integer("max_tokens", 1, tokens_max),
            .stop = fields.texts("stop")};
}

/// A schema as it is, or as text, in which its members keep their order: frames have none.
std::string decode_schema(Fields& fields) {
    const Json given = fields.value("json_schema");
    if (given.is_null()) {
        return {};
    }
    std::string text = given.is_string() ? given.get<std::string>() : wire::encode_json(given);
    const auto schema = wire::decode_json(text);
    if (!schema || !schema->is_object()) {
        fields.refuse("'json_schema' must be a JSON schema, an object, or the text of one" +
                      (schema ? "" : ": " + schema.error().message));
    }
    return text;
}

void check_generate(const work::Generate& generate, Fields& fields) {
    if (fields.has("prompt") == fields.has("messages")) {
        fields.refuse("give either 'prompt' or 'messages'");
    }
    if (generate.prompt.empty() && fields.has("prompt")) {
        fields.refuse("'prompt' is empty");
    }
    if (generate.messages.is_array() && generate.messages.empty()) {
        fields.refuse("'messages' is empty");
    }
    if (generate.raw && (fields.has("messages") || fields.has("system") || fields.has("tools"))) {
        fields.refuse("'raw' is for a bare 'prompt', without 'messages', 'system' or 'tools'");
    }
    if (!generate.grammar.empty() && !generate.json_schema.empty()) {
        fields.refuse("give either 'grammar' or 'json_schema'");
    }
    for (const Json& message : generate.messages) {
        if (!message.is_object() || !message.contains("role")) {
            fields.refuse("each of 'messages' must be an object with a 'role' and 'content'");
        }
    }
}

work::Generate decode_generate(Fields& fields) {
    work::Generate generate{.prompt = fields.text("prompt").value_or(""),
                            .raw = fields.flag("raw").value_or(false),
                            .messages = fields.array("messages"),
                            .system = fields.text("system").value_or(""),
                            .tools = fields.array("tools"),
                            .grammar = fields.text("grammar").value_or(""),
                            .json_schema = decode_schema(fields),
                            .sampling = decode_sampling(fields),
                            .think = fields.flag("think"),
                            .logprobs = fields.integer("logprobs", 0, logprobs_max)};
    check_generate(generate, fields);
    return generate;
}

Work decode_embed(Fields& fields) {
    work::Embed embed{.inputs = fields.texts("input")};
    if (embed.inputs.empty()) {
        fields.refuse("the request lacks 'input', a text or a list of texts");
    }
    return embed;
}

Work decode_tokenize(Fields& fields) {
    return work::Tokenize{.text = fields.required(fields.text("text"), "text")};
}

Work decode_detokenize(Fields& fields) {
    work::Detokenize detokenize;
    const Json tokens = fields.array("tokens");
    if (!tokens.is_array()) {
        fields.refuse("the request lacks 'tokens', a list of integers");
    }
    for (const Json& token : tokens) {
        const bool fits = token.is_number_integer() && token >= 0 && token <= token_id_max;
        if (!fits) {
            fields.refuse("'tokens' must be a list of integers from 0 to " +
                          std::to_string(token_id_max));
            break;
        }
        detokenize.tokens.push_back(token.get<std::int64_t>());
    }
    return detokenize;
}

Priority decode_priority(Fields& fields) {
    const std::string name = fields.text("priority").value_or("interactive");
    if (name != "interactive" && name != "batch") {
        fields.refuse("'priority' must be interactive or batch");
    }
    return name == "batch" ? Priority::batch : Priority::interactive;
}

JobSpec decode_job(Fields& fields, Work work, Clock::time_point now) {
    JobSpec spec{.backend = fields.text("backend").value_or("llama"),
                 .model = fields.text("model").value_or(""),
                 .work = std::move(work),
                 .owner = {},
                 .priority = decode_priority(fields),
                 .deadline = std::nullopt,
                 .keep_alive = fields.duration("keep_alive"),
                 .parent = std::nullopt,
                 .detached = fields.flag("detach").value_or(false)};
    if (auto limit = fields.integer("deadline_ms", 1, deadline_ms_max)) {
        spec.deadline = now + std::chrono::milliseconds(*limit);
    }
    return spec;
}

/// Its `tools` may have some of ours.
Request decode_generation(Fields& fields, Clock::time_point now) {
    work::Generate generate = decode_generate(fields);
    JobSpec spec = decode_job(fields, work::Load{}, now);
    spec.offers = take_offers(fields, generate.tools);
    spec.work = std::move(generate);
    return spec;
}

JobId decode_job_id(Fields& fields) {
    const auto id = job_id_from(fields.required(fields.text("job"), "job"));
    if (!id) {
        fields.refuse("'job' must be a job's id, such as \"j17\"");
    }
    return id.value_or(0);
}

/// The words of a pull's wishes; see PullKind.
Request decode_pull(Fields& fields, Clock::time_point now) {
    const std::string source = fields.required(fields.text("source"), "source");
    if (source.starts_with('/')) {
        return ModelsOp(models_op::Add{.path = source, .name = fields.text("name").value_or("")});
    }
    JobSpec spec = decode_job(fields, work::Load{}, now);
    spec.backend = "pull";
    spec.model = quote_word(source);
    for (const std::string_view wish : {"name", "sha256", "endpoint", "token"}) {
        if (const auto value = fields.text(wish); value && !value->empty()) {
            spec.model += " " + quote_word(std::string(wish) + "=" + *value);
        }
    }
    spec.keep_alive = std::chrono::milliseconds(0);
    return spec;
}

Request decode_call(Fields& fields, Clock::time_point now) {
    const std::string tool = fields.required(fields.text("tool"), "tool");
    work::Call call{.op = fields.required(fields.text("name"), "name"),
                    .args = fields.value("args"),
                    .directories = read_directories(fields)};
    if (call.args.is_null()) {
        call.args = Json::object();
    } else if (!call.args.is_object()) {
        fields.refuse("'args' must be an object");
    }
    JobSpec spec = decode_job(fields, std::move(call), now);
    spec.backend = "sandbox";
    spec.model = tool;
    return spec;
}

Request decode_mcp(Fields& fields, Clock::time_point) {
    Mcp out{.message = fields.value("message"),
            .client = {.owner = {},
                       .session = {},
                       .tools = fields.texts("tools"),
                       .directories = read_directories(fields),
                       .read_only = fields.flag("read_only").value_or(false)}};
    if (out.message.is_null()) {
        fields.refuse("the request lacks 'message', a message of MCP or its text");
    }
    if (const auto limit = fields.integer("deadline_ms", 1, deadline_ms_max)) {
        out.client.deadline = std::chrono::milliseconds(*limit);
    }
    return out;
}

Request decode_unload(Fields& fields, Clock::time_point now) {
    if (!fields.has("model") && !fields.has("backend")) {
        return Unload{};
    }
    return Unload{.worker = decode_job(fields, work::Load{}, now)};
}

Request decode_models(Fields& fields, Clock::time_point) {
    return ModelsOp(models_op::List{.names_only = fields.flag("names").value_or(false)});
}

/// A value as text: numbers are as good as what people type.
std::vector<std::string> default_values(Fields& fields, const Json& given) {
    std::vector<std::string> out;
    for (const Json& value : given.is_array() ? given : Json::array({given})) {
        if (value.is_null()) {
            continue;
        }
        if (!value.is_string() && !value.is_number()) {
            fields.refuse("'values' must be an object of texts, numbers, lists of them, or null");
        }
        out.push_back(value.is_string() ? value.get<std::string>() : wire::encode_json(value));
    }
    return out;
}

Request decode_adjust(Fields& fields, Clock::time_point) {
    models_op::Adjust adjust{.model = fields.required(fields.text("model"), "model"), .values = {}};
    const Json values = fields.value("values");
    if (!values.is_object() || values.empty()) {
        fields.refuse("the request lacks 'values', an object with the defaults to change");
        return ModelsOp(std::move(adjust));
    }
    for (const auto& [key, value] : values.items()) {
        adjust.values[key] = default_values(fields, value);
    }
    return ModelsOp(std::move(adjust));
}

struct Op {
    std::string_view name;
    Request (*decode)(Fields&, Clock::time_point);
};

/// Every op that this daemon serves.
constexpr std::array ops = {
    Op{"generate", decode_generation},
    Op{"embed",
       [](Fields& f, Clock::time_point now) -> Request {
           return decode_job(f, decode_embed(f), now);
       }},
    Op{"tokenize",
       [](Fields& f, Clock::time_point now) -> Request {
           return decode_job(f, decode_tokenize(f), now);
       }},
    Op{"detokenize",
       [](Fields& f, Clock::time_point now) -> Request {
           return decode_job(f, decode_detokenize(f), now);
       }},
    Op{"load",
       [](Fields& f, Clock::time_point now) -> Request {
           return decode_job(f, work::Load{}, now);
       }},
    Op{"pull", decode_pull},
    Op{"call", decode_call},
    Op{"mcp", decode_mcp},
    Op{"tools", [](Fields&, Clock::time_point) -> Request { return ToolsOp(tools_op::List{}); }},
    Op{"install_tool",
       [](Fields& f, Clock::time_point) -> Request {
           return ToolsOp(tools_op::Install{.folder = f.required(f.text("path"), "path")});
       }},
    Op{"remove_tool",
       [](Fields& f, Clock::time_point) -> Request {
           return ToolsOp(tools_op::Remove{.tool = f.required(f.text("tool"), "tool")});
       }},
    Op{"unload", decode_unload},
    Op{"attach",
       [](Fields& f, Clock::time_point) -> Request {
           const JobId job = decode_job_id(f);
           const auto after = f.integer("after_seq", 0).value_or(0);
           return Attach{.job = job, .after_seq = static_cast<std::uint64_t>(after)};
       }},
    Op{"cancel",
       [](Fields& f, Clock::time_point) -> Request { return Cancel{.job = decode_job_id(f)}; }},
    Op{"permit",
       [](Fields& f, Clock::time_point) -> Request {
           const JobId job = decode_job_id(f);
           return Permit{.job = job,
                         .call = f.required(f.text("call"), "call"),
                         .allow = f.required(f.flag("allow"), "allow")};
       }},
    Op{"status", [](Fields&, Clock::time_point) -> Request { return Status{}; }},
    Op{"ps", [](Fields&, Clock::time_point) -> Request { return Ps{}; }},
    Op{"models", decode_models},
    Op{"show",
       [](Fields& f, Clock::time_point) -> Request {
           return ModelsOp(models_op::Show{.model = f.text("model").value_or("")});
       }},
    Op{"add",
       [](Fields& f, Clock::time_point) -> Request {
           return ModelsOp(models_op::Add{.path = f.required(f.text("path"), "path"),
                                          .name = f.text("name").value_or("")});
       }},
    Op{"alias",
       [](Fields& f, Clock::time_point) -> Request {
           return ModelsOp(models_op::Alias{.model = f.required(f.text("model"), "model"),
                                            .alias = f.required(f.text("alias"), "alias")});
       }},
    Op{"adjust", decode_adjust},
    Op{"choose",
       [](Fields& f, Clock::time_point) -> Request {
           return ModelsOp(models_op::Choose{.model = f.required(f.text("model"), "model")});
       }},
    Op{"remove",
       [](Fields& f, Clock::time_point) -> Request {
           return ModelsOp(models_op::Remove{.model = f.required(f.text("model"), "model"),
                                             .dry_run = f.flag("dry_run").value_or(false)});
       }},
    Op{"config", [](Fields&, Clock::time_point) -> Request { return Config{}; }},
    Op{"reload", [](Fields&, Clock::time_point) -> Request { return Reload{}; }},
    Op{"shutdown", [](Fields&, Clock::time_point) -> Request { return Shutdown{}; }},
};

/// Ops of the protocol that need a part which this daemon does not have.
constexpr std::array<std::string_view, 4> absent_ops = {"rerank", "eval", "sessions", "jobs"};

std::unexpected<Error> unknown_op(const std::string& name) {
    if (std::find(absent_ops.begin(), absent_ops.end(), name) != absent_ops.end()) {
        return fail(ErrorCode::not_supported, "this daemon does not serve the op '" + name + "'");
    }
    std::string known;
    for (const Op& op : ops) {
        known += (known.empty() ? "" : ", ") + std::string(op.name);
    }
    return fail(ErrorCode::invalid_request, "unknown op '" + name + "'; there are: " + known);
}

}  // namespace

Result<Envelope> decode_envelope(const Json& frame) {
    Fields fields(frame, "the request");
    Envelope envelope;
    envelope.id = fields.required(fields.integer("id", 0, limits::request_id_max), "id");
    envelope.op = fields.required(fields.text("op"), "op");
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return envelope;
}

Result<Request> decode_request(const Envelope& envelope, const Json& frame, Clock::time_point now) {
    const auto op = std::find_if(ops.begin(), ops.end(),
                                 [&](const Op& row) { return row.name == envelope.op; });
    if (op == ops.end()) {
        return unknown_op(envelope.op);
    }
    Fields fields(frame, "the request");
    if (fields.has("session")) {
        return fail(ErrorCode::not_supported,
                    "this daemon does not keep sessions: send the "
                    "conversation so far in 'messages'");
    }
    Request request = op->decode(fields, now);
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return request;
}

void append_event(std::string& out, std::int64_t id, std::uint64_t seq, const Event& event) {
    Json frame = wire::event_to_json(event);
    frame["v"] = 2;
    frame["id"] = id;
    frame["seq"] = seq;
    wire::append_frame(out, wire::encode_json(frame));
}

}  // namespace threadrunner::socket_v2
