#include "door/http/door.h"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "door/http/anthropic.h"
#include "door/http/llama_server.h"
#include "door/http/mcp.h"
#include "door/http/native.h"
#include "door/http/ollama.h"
#include "door/http/openai.h"
#include "door/http/page.h"
#include "door/http/tools.h"
#include "door/http/watching.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;

/// Every protocol's routes; of two that match, the first is meant.
std::vector<Route> all_routes() {
    std::vector<Route> out;
    for (const auto& routes :
         {openai_routes(), anthropic_routes(), ollama_routes(), llama_server_routes(),
          native_routes(), tool_routes(), mcp_routes(), watching_routes(), page_routes()}) {
        for (const Route& route : routes) {
            out.push_back(route);
        }
    }
    return out;
}

/// Adds headers to whatever is answered.
class WithHeaders : public Reply {
public:
    WithHeaders(Reply& inner, std::vector<Header> headers)
        : inner_(inner), headers_(std::move(headers)) {}

    awaitable<bool> send(Answer answer) override { return inner_.send(added(std::move(answer))); }
    awaitable<bool> begin(Answer head) override { return inner_.begin(added(std::move(head))); }
    awaitable<bool> write(std::string_view piece) override { return inner_.write(piece); }
    awaitable<bool> end() override { return inner_.end(); }
    [[nodiscard]] bool begun() const override { return inner_.begun(); }
    [[nodiscard]] bool gone() const override { return inner_.gone(); }
    void when_gone(std::function<void()> call) override { inner_.when_gone(std::move(call)); }

private:
    [[nodiscard]] Answer added(Answer answer) const {
        answer.headers.insert(answer.headers.end(), headers_.begin(), headers_.end());
        return answer;
    }

    Reply& inner_;
    std::vector<Header> headers_;
};

}  // namespace

Door::Door(Context context)
    : context_(std::move(context)),
      routes_(all_routes()),
      server_(
          context_.executor, context_.settings,
          [this](const Request& request, Reply& reply) { return handle(request, reply); },
          [](const Error& error) { return error_answer(error, openai_errors()); }) {}

void Door::start() {
    std::error_code ignored;
    std::filesystem::remove(context_.home.http_addresses(), ignored);
    auto keys = Keys::read(context_.settings);
    if (!keys) {
        note_fault(keys.error().message + "; no key is good until that is mended");
        keys = Keys();
    }
    gate_ = std::make_unique<Gate>(context_.settings, *std::move(keys));
    const auto addresses = parse_listen_addresses(context_.settings.http_listen);
    for (const ListenAddress& address : addresses.value_or(std::vector<ListenAddress>())) {
        listen(address);
    }
    const auto listening = server_.listen(context_.home.http_socket());
    socket_served_ = listening.has_value();
    if (!listening) {
        note_fault(listening.error().message);
    }
    write_addresses();
}

void Door::listen(const ListenAddress& address) {
    if (!address.is_loopback() && !gate_->has_keys()) {
        note_fault(address.text() +
                   " is not served: whoever asks from another machine needs a key, and none is "
                   "set; write some into the file of http.key_file");
        return;
    }
    const auto bound = server_.listen(address);
    if (!bound) {
        note_fault(bound.error().message);
        return;
    }
    addresses_.push_back(bound->text());
    log::info("daemon", "HTTP is served at {}", addresses_.back());
}

void Door::write_addresses() {
    if (addresses_.empty()) {
        return;
    }
    const std::filesystem::path file = context_.home.http_addresses();
    const std::filesystem::path draft = file.string() + ".new";
    std::ofstream out(draft);
    for (const std::string& address : addresses_) {
        out << address << '\n';
    }
    out.close();
    std::error_code fault;
    std::filesystem::rename(draft, file, fault);
    if (!out || fault) {
        note_fault("cannot write " + file.string());
    }
}

void Door::note_fault(std::string fault) {
    log::warn("daemon", "HTTP: {}", fault);
    faults_.push_back(std::move(fault));
}

void Door::close() {
    server_.close();
    std::error_code ignored;
    std::filesystem::remove(context_.home.http_addresses(), ignored);
}

awaitable<void> Door::stop() {
    close();
    context_.bulletin.close();
    co_await server_.stop();
}

wire::Json Door::status() const {
    return {{"addresses", addresses_},
            {"socket", socket_served_ ? context_.home.http_socket().string() : ""},
            {"connections", server_.connections()},
            {"faults", faults_}};
}

awaitable<void> Door::handle(const Request& request, Reply& reply) {
    std::vector<Header> headers = {{"x-content-type-options", "nosniff"}};
    for (Header& header : gate_->cross_origin_headers(request)) {
        headers.push_back(std::move(header));
    }
    for (Header& header : gate_->page_headers(request)) {
        headers.push_back(std::move(header));
    }
    const RouteTable::Match match = routes_.find(request.method, request.path);
    if (match.route != nullptr && !match.route->id_header.empty()) {
        headers.emplace_back(match.route->id_header, request.id);
    }
    WithHeaders answering(reply, std::move(headers));
    co_await route(request, match, answering);
}

awaitable<void> Door::route(const Request& request, const RouteTable::Match& match, Reply& reply) {
    const ErrorShape& errors = match.route != nullptr ? match.route->errors : openai_errors();
    const Access access = match.route != nullptr ? match.route->access : Access::open;
    const bool preflight = request.method == "OPTIONS" && !match.allowed.empty();
    auto caller = gate_->admit(request, access);
    Answer refusal;
    if (auto source = gate_->check_source(request); !source) {
        refusal = error_answer(source.error(), errors);
    } else if (preflight) {
        refusal = {.status = 204, .content_type = {}};
        refusal.headers.emplace_back("allow", match.allowed);
    } else if (!caller) {
        refusal = error_answer(caller.error(), errors);
    } else if (match.route == nullptr && match.allowed.empty()) {
        refusal = error_answer(
            {.code = ErrorCode::not_found,
             .message = "there is no " + request.path + "; there are: " + routes_.listing()},
            errors);
    } else if (match.route == nullptr) {
        constexpr unsigned method_not_allowed = 405;
        refusal = error_answer(
            {.code = ErrorCode::invalid_request,
             .message = request.path + " is for " + match.allowed + ", not for " + request.method},
            errors);
        refusal.status = method_not_allowed;
        refusal.headers.emplace_back("allow", match.allowed);
    } else {
        Call call{.request = request,
                  .reply = reply,
                  .context = context_,
                  .route = *match.route,
                  .caller = *std::move(caller),
                  .argument = match.argument};
        co_await match.route->handle(call);
        co_return;
    }
    co_await reply.send(std::move(refusal));
}

}  // namespace threadrunner::http
