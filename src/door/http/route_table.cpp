#include "door/http/route_table.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/percent_encoding.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;

/// What the path has in place of the pattern's {…}; nothing when the two do not match.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
    const std::size_t brace = pattern.find('{');
    if (brace == pattern.npos) {
        return pattern == path ? std::optional(std::string()) : std::nullopt;
    }
    const bool matches = path.size() > brace && path.starts_with(pattern.substr(0, brace));
    return matches ? std::optional(percent_decoded(path.substr(brace))) : std::nullopt;
}

}  // namespace

awaitable<void> Call::refuse(Error error) {
    if (!reply.begun()) {
        Answer answer = error_answer(error, route.errors);
        co_await reply.send(std::move(answer));
        co_return;
    }
    const std::string last = route.errors.stream_event(error);
    const bool written = co_await reply.write(last);
    if (written) {
        co_await reply.end();
    }
}

awaitable<void> Call::send(wire::Json document) {
    Answer answer = json_answer(document);
    co_await reply.send(std::move(answer));
}

awaitable<Result<wire::Json>> Call::document() {
    if (request.body.size() <= limits::parse_on_loop_bytes_max) {
        co_return wire::decode_json(request.body);
    }
    const auto on_thread = [](std::string_view text) -> awaitable<Result<wire::Json>> {
        co_return wire::decode_json(text);
    };
    co_return co_await boost::asio::co_spawn(context.parsing, on_thread(request.body),
                                             boost::asio::use_awaitable);
}

awaitable<Result<wire::Json>> Call::body() {
    Result<wire::Json> document = co_await this->document();
    if (!document) {
        co_return fail(document.error().code,
                       "the body of the request: " + document.error().message);
    }
    if (!document->is_object()) {
        co_return fail(ErrorCode::invalid_request, "the body of the request is no JSON object");
    }
    co_return document;
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path) const {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    Match found;
    for (const Route& route : routes_) {
        auto argument = match(route.path, path);
        if (argument && route.method == wanted) {
            return {.route = &route, .argument = *std::move(argument)};
        }
        if (argument) {
            found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(route.method) +
                             (route.method == "GET" ? ", HEAD" : "");
        }
    }
    return found;
}

std::string RouteTable::listing() const {
    std::string out;
    for (const Route& route : routes_) {
        out +=
            (out.empty() ? "" : ", ") + std::string(route.method) + " " + std::string(route.path);
    }
    return out;
}

}  // namespace threadrunner::http
