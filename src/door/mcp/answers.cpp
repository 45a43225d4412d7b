#include "door/mcp/answers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "base/tool_limits.h"

namespace threadrunner::mcp {
namespace {

using wire::Json;

/// Tools are all that is on offer; who wants to know whether they have changed lists them again.
Json capabilities() { return {{"tools", {{"listChanged", false}}}}; }

/// For the model.
std::string instructions(const Client& client) {
    std::string out =
        "The tools run in a sandbox. A path is one of the user's machine; a tool sees only the "
        "directories that it was given, and refuses other paths with a list of those.";
    for (const Grant& grant : client.directories) {
        const bool writable = grant.writable && !client.read_only;
        out += "\n- " + grant.host + (writable ? "" : " (to read only)");
    }
    return out;
}

Json initialized(const Message& message, const Client& client) {
    const auto asked = message.params.find("protocolVersion");
    const bool known =
        asked != message.params.end() &&
        std::ranges::any_of(handshake_revisions, [&](auto revision) { return *asked == revision; });
    return {{"protocolVersion", known ? *asked : Json(handshake_revisions.front())},
            {"capabilities", capabilities()},
            {"serverInfo", server_info()},
            {"instructions", instructions(client)}};
}

/// How long a modern client may keep a result: somebody may install a tool at any time.
void add_cache_hints(Json& result) {
    result["ttlMs"] = 0;
    result["cacheScope"] = "private";
}

Json discovered(const Client& client) {
    Json out = {{"supportedVersions", spoken_revisions()},
                {"capabilities", capabilities()},
                {"instructions", instructions(client)}};
    add_cache_hints(out);
    return out;
}

/// Some clients insist on an object.
Json input_schema(const tool::Function& function) {
    Json schema = function.parameters;
    schema["type"] = "object";
    return schema;
}

Json text_content(std::string text) {
    return Json::array({{{"type", "text"}, {"text", std::move(text)}}});
}

}  // namespace

Reply answer_at_once(const Message& message, const Client& client) {
    if (message.modern && message.method == "server/discover") {
        return discovered(client);
    }
    if (!message.modern && message.method == "initialize") {
        return initialized(message, client);
    }
    if (!message.modern && message.method == "ping") {
        return Json::object();
    }
    return std::unexpected(Fault{.code = code::method_not_found,
                                 .message = "there is no such method here; tools/list and "
                                            "tools/call are what it is about"});
}

Json tool_listing(const Message& message, const std::vector<tool::Function>& functions) {
    Json tools = Json::array();
    for (const tool::Function& function : functions) {
        tools.push_back({{"name", function.name},
                         {"description", function.summary},
                         {"inputSchema", input_schema(function)},
                         {"annotations",
                          {{"readOnlyHint", !function.writes},
                           {"destructiveHint", function.writes},
                           {"openWorldHint", false}}}});
    }
    Json out = {{"tools", std::move(tools)}};
    if (message.modern) {
        add_cache_hints(out);
    }
    return out;
}

Json call_result(Json said) {
    std::string text = wire::encode_json(said);
    if (text.size() > limits::mcp_reply_bytes_max) {
        return call_failure({.code = ErrorCode::too_large,
                             .message = "the tool's answer has " + format_bytes(text.size()) +
                                        ", more than " + format_bytes(limits::mcp_reply_bytes_max) +
                                        "; ask for less at once"});
    }
    Json out = {{"content", text_content(std::move(text))}, {"isError", false}};
    if (said.is_object()) {
        out["structuredContent"] = std::move(said);
    }
    return out;
}

Json call_failure(const Error& error) {
    return {{"content", text_content(error.message)},
            {"structuredContent",
             {{"ok", false}, {"error", error.message}, {"code", traits(error.code).name}}},
            {"isError", true}};
}

}  // namespace threadrunner::mcp
