#include "dummy/request.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "wire/fields.h"

namespace threadrunner::dummy {
namespace {

using wire::Fields;
using wire::Json;

/// The first of the names that the body has: llama-server's and OpenAI's for the same bound.
std::optional<std::int64_t> tokens_max_of(Fields& fields) {
    for (const char* name :
         {"max_completion_tokens", "max_output_tokens", "max_tokens", "n_predict"}) {
        if (auto bound = fields.integer(name, -1)) {
            return *bound < 0 ? std::nullopt : bound;
        }
    }
    return std::nullopt;
}

/// OpenAI's name for it, and llama-server's own.
std::size_t answers_of(Fields& fields) {
    const auto own = fields.integer("n_cmpl", 1, limits::worker_slots_max);
    const auto answers = fields.integer("n", 1, limits::worker_slots_max);
    return static_cast<std::size_t>(std::max(own.value_or(1), answers.value_or(1)));
}

Request common_members(Fields& fields) {
    Request request;
    request.stream = fields.flag("stream").value_or(false);
    request.return_progress = fields.flag("return_progress").value_or(false);
    request.tokens_max = tokens_max_of(fields);
    request.stop = fields.texts("stop");
    const Json options = fields.value("stream_options");
    if (options.is_object()) {
        request.include_usage = Fields(options, "stream_options").flag("include_usage") == true;
    }
    return request;
}

bool is_text(const Json& part) {
    const Json type = part.is_object() ? part.value("type", Json()) : Json();
    return type == "text" || type == "input_text";
}

/// The text of a message's content: a string, or the text parts of a list.
std::string content_text(const Json& content) {
    if (content.is_string()) {
        return content.get<std::string>();
    }
    std::string text;
    for (const Json& part : content) {
        if (is_text(part)) {
            Fields fields(part, "a content part");
            text += fields.text("text").value_or("");
        }
    }
    return text;
}

/// The last message of a user is the prompt. False when there is none.
bool read_messages(const Json& messages, Request& request) {
    bool asked = false;
    for (const Json& message : messages) {
        if (!message.is_object()) {
            continue;
        }
        std::string text = content_text(message.value("content", Json()));
        if (message.value("role", Json()) == "user") {
            text.swap(request.prompt);
            asked = true;
        }
        request.earlier += " " + text;
    }
    return asked;
}

/// OpenAI's chat has a tool's name in its `function`, the others have it in the tool.
std::string tool_name(const Json& tool) {
    if (!tool.is_object()) {
        return "";
    }
    const Json function = tool.value("function", tool);
    return function.is_object() ? Fields(function, "a tool").text("name").value_or("") : "";
}

/// The tool that `tool_choice` demands: the one that it names, or the first. Left the choice, the
/// dummy calls none.
std::string demanded_tool(Fields& fields) {
    const Json choice = fields.value("tool_choice");
    const Json tools = fields.array("tools");
    const bool any =
        choice == "required" || (choice.is_object() && choice.value("type", Json()) == "any");
    return any && !tools.empty() ? tool_name(tools.front()) : tool_name(choice);
}

struct ScriptedCall {
    std::string tool;
    Json arguments;
};

/// The line as a call of one of the functions that are offered.
std::optional<ScriptedCall> read_call(std::string_view line, const Json& tools) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string name(line.substr(0, blank));
    const bool offered = std::any_of(tools.begin(), tools.end(),
                                     [&](const Json& tool) { return tool_name(tool) == name; });
    auto arguments = wire::decode_json(line.substr(blank));
    if (!offered || !arguments || !arguments->is_object()) {
        return std::nullopt;
    }
    return ScriptedCall{.tool = name, .arguments = *std::move(arguments)};
}

/// The calls that a prompt asks for, line by line; none where it is no script.
std::vector<ScriptedCall> read_script(std::string_view prompt, const Json& tools) {
    std::vector<ScriptedCall> out;
    while (!prompt.empty()) {
        auto call = read_call(take_entry(prompt, "\n"), tools);
        if (!call) {
            return {};
        }
        out.push_back(*std::move(call));
    }
    return out;
}

/// Follows the script of a prompt, if it is one.
void follow_script(Fields& fields, Request& request) {
    std::vector<std::string> results;
    for (const Json& message : fields.array("messages")) {
        const Json role = message.is_object() ? message.value("role", Json()) : Json();
        if (role == "user") {
            results.clear();
        } else if (role == "tool") {
            results.push_back(content_text(message.value("content", Json())));
        }
    }
    std::vector<ScriptedCall> script = read_script(request.prompt, fields.array("tools"));
    if (script.size() > results.size()) {
        request.tool = script[results.size()].tool;
        request.arguments = std::move(script[results.size()].arguments);
    } else if (!script.empty()) {
        request.prompt = results.back();
    }
}

void require_user(bool asked, Fields& fields) {
    if (!asked) {
        fields.refuse("'messages' must hold a message of the role user");
    }
}

Result<Request> checked(Request request, const Fields& fields) {
    if (auto ok = fields.check(); !ok) {
        return std::unexpected(ok.error());
    }
    return request;
}

}  // namespace

Result<Request> decode_completion(const Json& body) {
    Fields fields(body, "the body");
    Request request = common_members(fields);
    request.answers = answers_of(fields);
    request.prompt = fields.required(fields.text("prompt"), "prompt");
    return checked(std::move(request), fields);
}

Result<Request> decode_chat(const Json& body) {
    Fields fields(body, "the body");
    Request request = common_members(fields);
    request.answers = answers_of(fields);
    request.tool = demanded_tool(fields);
    require_user(read_messages(fields.array("messages"), request), fields);
    if (request.tool.empty()) {
        follow_script(fields, request);
    }
    return checked(std::move(request), fields);
}

Result<Request> decode_message(const Json& body) {
    Fields fields(body, "the body");
    Request request = common_members(fields);
    request.stop = fields.texts("stop_sequences");
    request.return_progress = false;  // this API has no way to tell it
    request.tool = demanded_tool(fields);
    request.earlier = content_text(fields.value("system"));
    require_user(read_messages(fields.array("messages"), request), fields);
    return checked(std::move(request), fields);
}

Result<Request> decode_response(const Json& body) {
    Fields fields(body, "the body");
    Request request = common_members(fields);
    request.tool = demanded_tool(fields);
    request.earlier = fields.text("instructions").value_or("");
    const Json input = fields.value("input");
    if (input.is_string()) {
        request.prompt = input.get<std::string>();
    } else if (!read_messages(input, request)) {
        fields.refuse("'input' must be a text, or a list with a message of the role user");
    }
    return checked(std::move(request), fields);
}

}  // namespace threadrunner::dummy
