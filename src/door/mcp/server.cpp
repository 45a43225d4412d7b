#include "door/mcp/server.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <variant>

#include "base/log.h"
#include "base/tool_limits.h"
#include "wire/fields.h"

namespace threadrunner::mcp {
namespace {

using boost::asio::awaitable;
using wire::Json;

JobSpec spec_of(const std::string& tool, work::Call work, const Client& client) {
    work.directories = client.directories;
    work.read_only = client.read_only;
    return {.backend = "sandbox",
            .model = tool,
            .work = std::move(work),
            .owner = client.owner,
            .deadline = Clock::now() + client.deadline.value_or(limits::mcp_call_within)};
}

std::unexpected<Fault> not_on_offer(const std::string& name) {
    return std::unexpected(Fault{.code = code::invalid_params,
                                 .message = "there is no tool '" +
                                            name.substr(0, limits::mcp_name_bytes_max) +
                                            "' on offer; tools/list says which there are"});
}

}  // namespace

/// One message under way, and the job that it waits for. It is known by its id as long as it lives.
class Server::Turn {
public:
    Turn(Server& server, const std::string& session, const Json& id)
        : turns_(server.turns_), key_(session, wire::encode_json(id)) {
        is_known_ = turns_.try_emplace(key_, this).second;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        if (is_known_) {
            turns_.erase(key_);
        }
    }

    /// Else the session has another with that id.
    [[nodiscard]] bool is_known() const { return is_known_; }
    [[nodiscard]] bool taken_back() const { return taken_back_; }

    void take_back() {
        taken_back_ = true;
        if (stream_ != nullptr) {
            stream_->wake();
        }
    }

    /// What a job gives, or why it gives nothing.
    [[nodiscard]] awaitable<Result<Json>> end_of(JobStream& stream) {
        stream_ = &stream;
        Result<Json> out = Json();
        bool over = false;
        while (!over && !taken_back_) {
            auto item = co_await stream.next();
            if (!item) {
                continue;
            }
            over = take(item->event, out);
            stream.give_back(item->credits);
        }
        stream_ = nullptr;
        co_return out;
    }

private:
    /// Whether it was the last event.
    static bool take(Event& event, Result<Json>& out) {
        if (auto* output = std::get_if<event::Output>(&event)) {
            out = std::move(output->value);
        } else if (auto* error = std::get_if<Error>(&event)) {
            out = std::unexpected(std::move(*error));
        } else if (const auto* done = std::get_if<event::Done>(&event);
                   done != nullptr && done->reason == event::Reason::cancelled) {
            out = fail(ErrorCode::cancelled, "the call was cancelled");
        }
        return ends_job(event);
    }

    decltype(Server::turns_)& turns_;
    const std::pair<std::string, std::string> key_;
    bool is_known_ = false;
    JobStream* stream_ = nullptr;  ///< that is awaited
    bool taken_back_ = false;
};

Server::Server(boost::asio::any_io_executor executor, Jobs& jobs, Control& control)
    : executor_(std::move(executor)), jobs_(jobs), control_(control) {}

awaitable<std::optional<Json>> Server::answer(Message message, Client client) {
    if (message.id.is_null()) {
        const auto id = message.params.find("requestId");
        if (message.method == "notifications/cancelled" && id != message.params.end()) {
            take_back(client.session, *id);
        }
        co_return std::nullopt;
    }
    Turn turn(*this, client.session, message.id);
    if (!turn.is_known()) {
        co_return fault_document(message.id,
                                 {.code = code::invalid_request,
                                  .message = "a request with this id is under way already"});
    }
    Reply made = co_await reply(message, client, turn);
    if (turn.taken_back()) {
        co_return std::nullopt;
    }
    if (!made) {
        co_return fault_document(message.id, made.error());
    }
    co_return result_document(message, *std::move(made));
}

awaitable<Reply> Server::reply(const Message& message, const Client& client, Turn& turn) {
    if (message.method == "tools/list") {
        co_return co_await list(message, client, turn);
    }
    if (message.method == "tools/call") {
        co_return co_await call(message, client, turn);
    }
    co_return answer_at_once(message, client);
}

awaitable<Reply> Server::list(const Message& message, const Client& client, Turn& turn) {
    if (message.params.contains("cursor")) {
        co_return std::unexpected(Fault{.code = code::invalid_params,
                                        .message = "the list has one page, without a 'cursor'"});
    }
    auto tools = co_await tools_for(client);
    if (!tools) {
        co_return std::unexpected(Fault{.message = tools.error().message});
    }
    Described offer = co_await describe(*std::move(tools), client, turn);
    if (offer.functions.empty() && offer.fault) {
        co_return std::unexpected(Fault{.message = offer.fault->message});
    }
    if (client.read_only) {
        std::erase_if(offer.functions, [](const auto& function) { return function.writes; });
    }
    co_return tool_listing(message, offer.functions);
}

awaitable<Reply> Server::call(const Message& message, const Client& client, Turn& turn) {
    wire::Fields params(message.params, "the call");
    const std::string name = params.required(params.text("name"), "name");
    Json arguments = params.value("arguments");
    if (!arguments.is_null() && !arguments.is_object()) {
        params.refuse("'arguments' must be an object");
    }
    if (auto checked = params.check(); !checked) {
        co_return std::unexpected(
            Fault{.code = code::invalid_params, .message = checked.error().message});
    }
    auto tools = co_await tools_for(client);
    if (!tools) {
        co_return call_failure(tools.error());
    }
    std::erase_if(*tools, [&](const auto& tool) { return !name.starts_with(tool + "_"); });
    const Described offer = co_await describe(*std::move(tools), client, turn);
    const auto function = std::ranges::find(offer.functions, name, &tool::Function::name);
    if (turn.taken_back() || (function == offer.functions.end() && offer.fault)) {
        co_return call_failure(offer.fault.value_or(Error()));
    }
    if (function == offer.functions.end() || (client.read_only && function->writes)) {
        co_return not_on_offer(name);
    }
    JobStream stream(executor_, jobs_);
    work::Call work{.op = function->op};
    if (arguments.is_object()) {
        work.args = std::move(arguments);
    }
    stream.submit(spec_of(function->tool, std::move(work), client));
    auto said = co_await turn.end_of(stream);
    if (!said) {
        co_return call_failure(said.error());
    }
    co_return call_result(*std::move(said));
}

awaitable<Result<std::vector<std::string>>> Server::tools_for(const Client& client) {
    if (!client.tools.empty()) {
        co_return client.tools;
    }
    ToolsOp op = tools_op::List();
    const auto listing = co_await control_.tools(std::move(op));
    if (!listing) {
        co_return std::unexpected(listing.error());
    }
    std::vector<std::string> out;
    for (const Json& tool : listing->at("tools")) {
        if (tool.contains("error")) {
            log::warn("daemon", "tool {} is not offered: {}", tool.at("name").get<std::string>(),
                      tool.at("error").get<std::string>());
        } else {
            out.push_back(tool.at("name").get<std::string>());
        }
    }
    co_return out;
}

/// All at once, since some may have to be started.
awaitable<Server::Described> Server::describe(std::vector<std::string> tools, const Client& client,
                                              Turn& turn) {
    std::vector<std::unique_ptr<JobStream>> streams;
    for (const std::string& tool : tools) {
        streams.push_back(std::make_unique<JobStream>(executor_, jobs_));
        streams.back()->submit(spec_of(tool, {.op = "describe"}, client));
    }
    Described out;
    for (std::size_t i = 0; i < tools.size() && !turn.taken_back(); ++i) {
        const auto description = co_await turn.end_of(*streams[i]);
        auto functions = description ? tool::functions_of(tools[i], *description)
                                     : std::unexpected(description.error());
        if (functions) {
            std::ranges::move(*functions, std::back_inserter(out.functions));
        } else if (!turn.taken_back()) {
            log::warn("daemon", "tool {} is not offered: {}", tools[i], functions.error().message);
            out.fault = out.fault.value_or(functions.error());
        }
    }
    co_return out;
}

std::string Server::new_session() { return std::to_string(++last_session_); }

void Server::take_back(const std::string& session, const Json& id) {
    if (const auto found = turns_.find({session, wire::encode_json(id)}); found != turns_.end()) {
        found->second->take_back();
    }
}

void Server::end_session(const std::string& session) {
    for (auto turn = turns_.lower_bound({session, ""});
         turn != turns_.end() && turn->first.first == session; ++turn) {
        turn->second->take_back();
    }
}

}  // namespace threadrunner::mcp
