#include "door/http/mcp.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.h"
#include "base/random_secret.h"
#include "base/text.h"
#include "door/mcp/server.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;
using wire::Json;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view events_type = "text/event-stream";

/// A header's value, which may be `=?base64?…?=`; nothing where that is damaged.
std::optional<std::string> decoded(std::string_view value) {
    constexpr std::string_view before = "=?base64?";
    constexpr std::string_view after = "?=";
    if (!value.starts_with(before) || !value.ends_with(after) ||
        value.size() < before.size() + after.size()) {
        return std::string(value);
    }
    value.remove_prefix(before.size());
    value.remove_suffix(after.size());
    return from_base64(value);
}

/// Which status goes with an answer. Before 2026-07-28 an error of a request was none of HTTP's.
unsigned status_of(const Json& answer, bool modern) {
    constexpr unsigned ok = 200;
    constexpr unsigned bad_request = 400;
    constexpr unsigned not_found = 404;
    const auto error = answer.find("error");
    if (error == answer.end() || !modern) {
        return ok;
    }
    const int code = error->at("code").get<int>();
    if (code == mcp::code::method_not_found) {
        return not_found;
    }
    return code == mcp::code::internal_error ? ok : bad_request;
}

Answer answer_with(const Json& document, unsigned status, std::string_view type) {
    Answer answer = json_answer(document, status);
    if (type == events_type) {
        answer.content_type = type;
        answer.body = "event: message\ndata: " + wire::encode_json(document) + "\n\n";
    }
    return answer;
}

/// Whose ids of messages are whose: clients of the older revisions repeat the session's name that
/// they were given, for the others each request is one of its own.
std::string session_of(const Call& call, bool modern) {
    const std::string_view named = call.request.header("mcp-session-id");
    return named.empty() || modern ? call.context.mcp.new_session()
                                   : call.caller.owner + " " + std::string(named);
}

/// What the address asks for: /mcp?read_only=true&tools=taglib,text.
mcp::Client client_of(const Call& call, bool modern) {
    mcp::Client out{.owner = call.caller.owner, .session = session_of(call, modern)};
    const std::string tools = call.request.parameter("tools");
    std::string_view rest = tools;
    while (!rest.empty()) {
        if (const std::string_view tool = take_entry(rest, ","); !tool.empty()) {
            out.tools.emplace_back(tool);
        }
    }
    out.read_only = call.request.parameter("read_only") == "true";
    return out;
}

/// What is wrong with the revision that an older client says it has agreed on.
std::optional<mcp::Fault> fault_in_revision(const Request& request) {
    const std::string_view revision = request.header("mcp-protocol-version");
    if (revision.empty() || std::ranges::count(mcp::handshake_revisions, revision) > 0) {
        return std::nullopt;
    }
    if (revision == mcp::modern_revision) {
        return mcp::Fault{.code = mcp::code::invalid_params,
                          .message = "a message of this revision says so in params._meta, too"};
    }
    return mcp::unspoken(utf8_repair(revision));
}

awaitable<void> refuse(Call& call, const Json& document, std::string_view type) {
    constexpr unsigned bad_request = 400;
    Answer answer = answer_with(document, bad_request, type);
    co_await call.reply.send(std::move(answer));
}

awaitable<void> send(Call& call, const std::optional<Json>& document, const mcp::Message& message,
                     std::string_view type) {
    constexpr unsigned accepted = 202;
    constexpr std::size_t session_bytes = 16;
    Answer answer{.status = accepted};
    if (document) {
        answer = answer_with(*document, status_of(*document, message.modern), type);
    }
    if (message.method == "initialize" && document) {
        if (auto session = random_secret(session_bytes)) {
            answer.headers.emplace_back("mcp-session-id", *std::move(session));
        }
    }
    co_await call.reply.send(std::move(answer));
}

awaitable<void> take_message(Call& call) {
    constexpr unsigned not_acceptable = 406;
    const std::string_view type = answer_type(call.request.header("accept"));
    if (type.empty()) {
        const Json document = mcp::fault_document(
            nullptr, {.code = mcp::code::invalid_request,
                      .message = "the answer is application/json, which the header Accept does "
                                 "not allow"});
        Answer answer = json_answer(document, not_acceptable);
        co_await call.reply.send(std::move(answer));
        co_return;
    }
    const auto document = co_await call.document();
    const auto message = mcp::read_message(document);
    if (!message) {
        co_await refuse(call, message.error(), type);
        co_return;
    }
    if (const auto fault = fault_in_headers(call.request, *message)) {
        const Json refusal = mcp::fault_document(message->id, *fault);
        co_await refuse(call, refusal, type);
        co_return;
    }
    mcp::Server& server = call.context.mcp;
    mcp::Client client = client_of(call, message->modern);
    call.reply.when_gone(
        [&server, session = client.session, id = message->id] { server.take_back(session, id); });
    const auto answer = co_await server.answer(*message, std::move(client));
    call.reply.when_gone(nullptr);
    if (!call.reply.gone()) {
        co_await send(call, answer, *message, type);
    }
}

/// The client says that it leaves.
awaitable<void> end_session(Call& call) {
    constexpr unsigned no_content = 204;
    const std::string session = session_of(call, false);
    call.context.mcp.end_session(session);
    Answer answer{.status = no_content};
    co_await call.reply.send(std::move(answer));
}

}  // namespace

std::optional<mcp::Fault> fault_in_headers(const Request& request, const mcp::Message& message) {
    if (!message.modern) {
        return fault_in_revision(request);
    }
    const auto mismatch = [](std::string_view header) {
        return mcp::Fault{
            .code = mcp::code::header_mismatch,
            .message = "the header " + std::string(header) + " does not say what the message says"};
    };
    if (request.header("mcp-protocol-version") != mcp::modern_revision) {
        return mismatch("MCP-Protocol-Version");
    }
    if (request.header("mcp-method") != message.method) {
        return mismatch("Mcp-Method");
    }
    const auto name = message.params.find("name");
    const bool names = message.method == "tools/call" && name != message.params.end();
    if (names &&
        (!name->is_string() || decoded(request.header("mcp-name")) != name->get<std::string>())) {
        return mismatch("Mcp-Name");
    }
    return std::nullopt;
}

std::string_view answer_type(std::string_view accepted) {
    bool takes_events = false;
    bool says_nothing = true;
    while (!accepted.empty()) {
        const std::string_view entry = trimmed(take_entry(accepted, ","), " ");
        const std::string type = small_letters(trimmed(entry.substr(0, entry.find(';')), " "));
        if (type == json_type || type == "application/*" || type == "*/*") {
            return json_type;
        }
        takes_events = takes_events || type == events_type;
        says_nothing = says_nothing && type.empty();
    }
    if (says_nothing) {
        return json_type;
    }
    return takes_events ? events_type : "";
}

std::vector<Route> mcp_routes() {
    return {{.method = "POST",
             .path = "/mcp",
             .access = Access::key,
             .errors = openai_errors(),
             .handle = take_message},
            {.method = "DELETE",
             .path = "/mcp",
             .access = Access::key,
             .errors = openai_errors(),
             .handle = end_session}};
}

}  // namespace threadrunner::http
