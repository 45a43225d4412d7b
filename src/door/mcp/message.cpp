#include "door/mcp/message.h"

#include <utility>

#include "base/tool_limits.h"
#include "base/version.h"
#include "wire/lookup.h"

namespace threadrunner::mcp {
namespace {

using wire::Json;

constexpr std::string_view revision_key = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view capabilities_key = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view server_key = "io.modelcontextprotocol/serverInfo";

bool is_short_text(const Json& value, std::size_t bytes_max) {
    return value.is_string() && value.get_ref<const std::string&>().size() <= bytes_max;
}

bool is_id(const Json& id) { return id.is_number() || is_short_text(id, limits::mcp_id_bytes_max); }

/// The id for an error, where the message has one that is any good.
Json id_in(const Json& document) {
    const Json& id = wire::member(document, "id");
    return is_id(id) ? id : Json(nullptr);
}

std::expected<Message, Json> refused(const Json& document, Fault fault) {
    return std::unexpected(fault_document(id_in(document), fault));
}

/// What a message without a handshake has to say of itself, if it is one.
std::expected<Message, Json> with_revision(Message message, const Json& document) {
    const Json& meta = wire::member(message.params, "_meta");
    const Json& revision = wire::member(meta, revision_key);
    if (revision.is_null() || message.method == "initialize") {
        return message;
    }
    if (!is_short_text(revision, limits::mcp_name_bytes_max)) {
        return refused(document, {.code = code::invalid_params,
                                  .message = std::string(revision_key) + " must be a short text"});
    }
    if (revision != modern_revision) {
        return refused(document, unspoken(revision.get_ref<const std::string&>()));
    }
    if (wire::member(meta, capabilities_key).is_null()) {
        return refused(document,
                       {.code = code::invalid_params,
                        .message = "params._meta lacks " + std::string(capabilities_key)});
    }
    message.modern = true;
    return message;
}

}  // namespace

std::expected<Message, Json> read_message(const Result<Json>& document) {
    if (!document) {
        return std::unexpected(fault_document(
            nullptr, {.code = code::parse_error, .message = document.error().message}));
    }
    const auto invalid = [&](std::string message) {
        return refused(*document, {.code = code::invalid_request, .message = std::move(message)});
    };
    if (!document->is_object()) {
        return invalid(document->is_array() ? "send one message at a time, not a list of them"
                                            : "a message must be a JSON object");
    }
    if (wire::member(*document, "jsonrpc") != "2.0") {
        return invalid(R"(a message must have "jsonrpc": "2.0")");
    }
    const Json& id = wire::member(*document, "id");
    if (document->contains("id") && !is_id(id)) {
        return invalid("'id' must be a number, or a short text");
    }
    Message out;
    const Json& method = wire::member(*document, "method");
    if (method.is_null() && (document->contains("result") || document->contains("error"))) {
        return out;
    }
    if (!method.is_string()) {
        return invalid("a message must have a 'method', a text");
    }
    out.id = id;
    out.method = method.get<std::string>();
    const Json& params = wire::member(*document, "params");
    if (!params.is_null() && !params.is_object()) {
        return refused(*document,
                       {.code = code::invalid_params, .message = "'params' must be an object"});
    }
    if (params.is_object()) {
        out.params = params;
    }
    return with_revision(std::move(out), *document);
}

Json result_document(const Message& message, Json result) {
    if (message.modern) {
        result["resultType"] = "complete";
        result["_meta"] = {{server_key, server_info()}};
    }
    return {{"jsonrpc", "2.0"}, {"id", message.id}, {"result", std::move(result)}};
}

Json fault_document(const Json& id, const Fault& fault) {
    Json error = {{"code", fault.code}, {"message", fault.message}};
    if (!fault.data.is_null()) {
        error["data"] = fault.data;
    }
    return {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}};
}

Fault unspoken(std::string_view revision) {
    return {.code = code::unsupported_revision,
            .message = "this revision of the protocol is not spoken here",
            .data = {{"supported", spoken_revisions()}, {"requested", revision}}};
}

Json spoken_revisions() {
    Json out = Json::array({modern_revision});
    for (const std::string_view revision : handshake_revisions) {
        out.push_back(revision);
    }
    return out;
}

Json server_info() {
    return {{"name", "threadrunner"}, {"title", "ThreadRunner"}, {"version", version}};
}

}  // namespace threadrunner::mcp
