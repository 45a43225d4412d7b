#include "door/http/ollama_request.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <utility>
#include <variant>

#include "base/number.h"
#include "door/offers.h"
#include "wire/fields.h"
#include "wire/member_texts.h"

namespace threadrunner::http {
namespace {

using std::chrono::milliseconds;
using wire::Fields;
using wire::Json;

constexpr std::int64_t tokens_max = 1 << 30;
constexpr std::int64_t look_back_max = 1 << 20;  ///< the engine keeps as many tokens for it
constexpr double keep_alive_seconds_max = 1e9;

struct Unit {
    std::string_view name;
    double seconds;
};

/// Those of Go's time.ParseDuration; of two that fit the longer stands first.
constexpr std::array units = {Unit{"ns", 1e-9}, Unit{"us", 1e-6}, Unit{"µs", 1e-6},
                              Unit{"ms", 1e-3}, Unit{"s", 1},     Unit{"m", 60},
                              Unit{"h", 3600}};

/// Seconds in "1h30m"; a number alone is seconds. Nothing: it is no duration.
std::optional<double> seconds_in(std::string_view text) {
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative ? 1 : 0);
    double sum = 0;
    bool any = false;
    while (!text.empty()) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
        const auto number = number_from<double>(text.substr(0, digits));
        text.remove_prefix(digits);
        const auto unit = std::ranges::find_if(
            units, [&](const Unit& each) { return text.starts_with(each.name); });
        const bool bare = text.empty() && !any;
        if (!number || (unit == units.end() && !bare)) {
            return std::nullopt;
        }
        sum += *number * (bare ? 1 : unit->seconds);
        text.remove_prefix(bare ? 0 : unit->name.size());
        any = true;
    }
    return any ? std::optional(negative ? -sum : sum) : std::nullopt;
}

/// Ollama knows no bound below its options' types; 0 and less mean without one.
std::optional<std::int64_t> tokens_bound(Fields& options) {
    const auto bound =
        options.integer("num_predict", std::numeric_limits<std::int64_t>::min(), tokens_max);
    return bound && *bound > 0 ? bound : std::nullopt;
}

/// Any integer is a seed there; here it has 32 bits.
std::optional<std::int64_t> seed_of(Fields& options) {
    const auto seed = options.integer("seed", std::numeric_limits<std::int64_t>::min());
    return seed ? std::optional<std::int64_t>(static_cast<std::uint32_t>(*seed)) : std::nullopt;
}

/// -1 is the context's length: the one that the request asks for, else what Ollama has by default.
std::optional<std::int64_t> repeat_last_n_of(Fields& options) {
    constexpr std::int64_t usual_context = 4096;
    const auto context = options.integer("num_ctx", 0, tokens_max);
    const auto tokens = options.integer("repeat_last_n", -1, look_back_max);
    return tokens == -1 ? std::min(context.value_or(usual_context), look_back_max) : tokens;
}

work::Sampling read_options(Fields& fields) {
    const Json given = fields.value("options");
    if (given.is_null()) {
        return {};
    }
    Fields options(given, "'options'");
    work::Sampling sampling{.temperature = options.number("temperature", 0, 100),
                            .top_p = options.number("top_p", 0, 1),
                            .top_k = options.integer("top_k", 0, tokens_max),
                            .min_p = options.number("min_p", 0, 1),
                            .typical_p = options.number("typical_p", 0, 1),
                            .repeat_penalty = options.number("repeat_penalty", 0, 100),
                            .repeat_last_n = repeat_last_n_of(options),
                            .presence_penalty = options.number("presence_penalty", -100, 100),
                            .frequency_penalty = options.number("frequency_penalty", -100, 100),
                            .mirostat = options.integer("mirostat", 0, 2),
                            .mirostat_tau = options.number("mirostat_tau", 0, 100),
                            .mirostat_eta = options.number("mirostat_eta", 0, 100),
                            .seed = seed_of(options),
                            .max_tokens = tokens_bound(options),
                            .stop = options.texts("stop")};
    if (auto read = options.check(); !read) {
        fields.refuse(read.error().message);
    }
    return sampling;
}

/// A schema as text; empty: the answer is free.
std::string read_format(Fields& fields, std::string_view text) {
    const Json format = fields.value("format");
    if (format.is_object()) {
        return std::string(wire::member_text(text, "format").value_or("{}"));
    }
    const std::string name = format.is_string() ? format.get<std::string>() : std::string();
    if (name == "json") {
        return R"({"type":"object"})";
    }
    const bool is_free = format.is_null() || (format.is_string() && name.empty());
    if (!is_free) {
        fields.refuse(R"('format' must be "json" or a JSON schema)");
    }
    return {};
}

std::optional<bool> read_think(Fields& fields) {
    const Json think = fields.value("think");
    if (think.is_string()) {
        return true;  // how much ("low", "high") is the model's own affair
    }
    return fields.flag("think");
}

std::optional<std::int64_t> read_logprobs(Fields& fields) {
    constexpr std::int64_t others_max = 20;
    const auto others = fields.integer("top_logprobs", 0, others_max);
    const bool wanted = fields.flag("logprobs").value_or(false);
    return wanted ? std::optional(std::max<std::int64_t>(1, others.value_or(0))) : std::nullopt;
}

void refuse_images(Fields& fields, const Json& images) {
    if (images.is_array() && !images.empty()) {
        fields.refuse("images are not read here: send the text alone");
    }
}

/// What the bodies of both generating routes have in common.
OllamaRequest read_common(Fields& fields) {
    OllamaRequest request{.model = fields.required(fields.text("model"), "model"),
                          .streams = fields.flag("stream").value_or(true)};
    if (const Json given = fields.value("keep_alive"); !given.is_null()) {
        auto keep_alive = parse_keep_alive(given);
        if (keep_alive) {
            request.keep_alive = *keep_alive;
        } else {
            fields.refuse(keep_alive.error().message);
        }
    }
    return request;
}

work::Generate read_generation(Fields& fields, std::string_view text, OllamaRequest& request) {
    Json tools = fields.array("tools");
    request.offers = take_offers(fields, tools);
    return {.tools = tools.empty() ? Json() : tools,
            .json_schema = read_format(fields, text),
            .sampling = read_options(fields),
            .think = read_think(fields),
            .logprobs = read_logprobs(fields)};
}

/// Of these texts; with nothing to read in them the model is to be ready, no more.
OllamaRequest asks_for_vectors(Fields& fields, std::vector<std::string> inputs) {
    OllamaRequest request = read_common(fields);
    request.streams = false;
    if (!inputs.empty() && inputs != std::vector<std::string>{""}) {
        request.work = work::Embed{.inputs = std::move(inputs)};
    }
    return request;
}

Result<OllamaRequest> checked(OllamaRequest request, const Fields& fields) {
    if (auto read = fields.check(); !read) {
        return std::unexpected(read.error());
    }
    return request;
}

/// Messages in OpenAI's shape: there a tool's answer names the call by its id, which Ollama's
/// clients do not know, so ids are given in the order of the calls.
class Messages {
public:
    explicit Messages(Fields& fields) : fields_(fields) {}

    [[nodiscard]] Json converted(const Json& messages) {
        Json out = Json::array();
        for (const Json& message : messages) {
            out.push_back(convert(message));
        }
        return out;
    }

private:
    struct Call {
        std::string id;
        std::string name;
    };

    Json convert(const Json& message) {
        Fields given(message, "each of 'messages'");
        const std::string role = given.required(given.text("role"), "role");
        Json out = {{"role", role}, {"content", given.text("content").value_or("")}};
        if (const auto thinking = given.text("thinking"); thinking && !thinking->empty()) {
            out["reasoning_content"] = *thinking;
        }
        if (const Json calls = given.array("tool_calls"); !calls.empty()) {
            out["tool_calls"] = convert_calls(calls, given);
        }
        if (role == "tool") {
            out["tool_call_id"] = take_call(given.text("tool_name").value_or(""));
        }
        refuse_images(fields_, given.value("images"));
        if (auto read = given.check(); !read) {
            fields_.refuse(read.error().message);
        }
        return out;
    }

    Json convert_calls(const Json& calls, Fields& given) {
        Json out = Json::array();
        for (const Json& call : calls) {
            const Json function = call.is_object() ? call.value("function", Json()) : Json();
            Fields parts(function, "the 'function' of each of 'tool_calls'");
            const std::string name = parts.required(parts.text("name"), "name");
            const Json arguments = parts.value("arguments");
            if (auto read = parts.check(); !read) {
                given.refuse(read.error().message);
            }
            open_.push_back({.id = "call_" + std::to_string(++last_), .name = name});
            out.push_back(
                {{"id", open_.back().id},
                 {"type", "function"},
                 {"function", {{"name", name}, {"arguments", wire::encode_json(arguments)}}}});
        }
        return out;
    }

    /// The id of the call that a tool's answer is for: the first that is open, of that tool's.
    std::string take_call(std::string_view name) {
        auto call = std::ranges::find(open_, name, &Call::name);
        if (call == open_.end()) {
            call = open_.begin();
        }
        if (call == open_.end()) {
            return "call_0";
        }
        std::string id = std::move(call->id);
        open_.erase(call);
        return id;
    }

    Fields& fields_;
    std::deque<Call> open_;  ///< calls without an answer so far
    int last_ = 0;
};

/// What a request says that works with Ollama's own templates and token lists alone.
void refuse_foreign(Fields& fields) {
    if (!fields.text("suffix").value_or("").empty()) {
        fields.refuse("'suffix' is not served: models here continue a text, with \"raw\": true");
    }
    if (!fields.text("template").value_or("").empty()) {
        fields.refuse(
            "'template' is not taken from a request: a model's own is used, or the file that "
            "'threadrunner models set NAME template=FILE' gives it");
    }
    if (!fields.array("context").empty()) {
        fields.refuse(
            "'context' is not served: send the conversation so far to /api/chat, in 'messages'");
    }
}

}  // namespace

bool OllamaRequest::unloads() const {
    return std::holds_alternative<work::Load>(work) && keep_alive == milliseconds(0);
}

Result<OllamaRequest> read_ollama_chat(const Json& body, std::string_view text) {
    Fields fields(body, "the request");
    OllamaRequest request = read_common(fields);
    work::Generate generate = read_generation(fields, text, request);
    if (const Json messages = fields.array("messages"); !messages.empty()) {
        generate.messages = Messages(fields).converted(messages);
        request.work = std::move(generate);
    }
    return checked(std::move(request), fields);
}

Result<OllamaRequest> read_ollama_generate(const Json& body, std::string_view text) {
    Fields fields(body, "the request");
    OllamaRequest request = read_common(fields);
    work::Generate generate = read_generation(fields, text, request);
    generate.prompt = fields.text("prompt").value_or("");
    generate.raw = fields.flag("raw").value_or(false);
    const std::string system = fields.text("system").value_or("");
    if (!generate.raw) {
        generate.system = system;
    }
    refuse_images(fields, fields.value("images"));
    refuse_foreign(fields);
    if (!generate.prompt.empty()) {
        request.work = std::move(generate);
    }
    return checked(std::move(request), fields);
}

Result<OllamaRequest> read_ollama_embed(const Json& body, std::string_view /*text*/) {
    Fields fields(body, "the request");
    if (fields.has("dimensions")) {
        fields.refuse(
            "'dimensions' is not served: vectors come whole, to be cut where they are used");
    }
    return checked(asks_for_vectors(fields, fields.texts("input")), fields);
}

Result<OllamaRequest> read_ollama_embeddings(const Json& body, std::string_view /*text*/) {
    Fields fields(body, "the request");
    return checked(asks_for_vectors(fields, {fields.text("prompt").value_or("")}), fields);
}

Result<std::string> read_ollama_name(const Json& body) {
    Fields fields(body, "the request");
    const auto older = fields.text("name");
    const auto model = fields.text("model");
    std::string name = fields.required(model ? model : older, "model");
    if (auto read = fields.check(); !read) {
        return std::unexpected(read.error());
    }
    return name;
}

std::string without_latest(std::string_view name) {
    constexpr std::string_view tag = ":latest";
    name.remove_suffix(name.ends_with(tag) ? tag.size() : 0);
    return std::string(name);
}

Result<milliseconds> parse_keep_alive(const Json& value) {
    std::optional<double> seconds;
    if (value.is_number()) {
        seconds = value.get<double>();
    } else if (value.is_string()) {
        seconds = seconds_in(value.get_ref<const std::string&>());
    }
    if (!seconds || std::isnan(*seconds)) {
        return fail(ErrorCode::invalid_request,
                    "'keep_alive' must be seconds, or a text such as \"5m\" or \"1h30m\"; -1 is "
                    "for ever, 0 unloads the model");
    }
    if (*seconds < 0 || *seconds > keep_alive_seconds_max) {
        return milliseconds::max();
    }
    return milliseconds(std::llround(*seconds * 1e3));
}

}  // namespace threadrunner::http
