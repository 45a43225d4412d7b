#include "door/http/watching.h"

#include <string>
#include <utility>

#include "door/http/log_stream.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;

/// Until the client leaves, or the daemon stops.
awaitable<void> follow(Call& call) {
    Bulletin& bulletin = call.context.bulletin;
    Bulletin::Follower follower(call.context.executor, bulletin,
                                call.caller.may_everything ? "" : call.caller.owner);
    call.reply.when_gone([&follower] { follower.wake(); });
    Answer head{.content_type = "text/event-stream"};
    head.headers.emplace_back("cache-control", "no-cache");
    bool reads = co_await call.reply.begin(std::move(head));
    std::string entries = ": from now on\n\n";
    while (reads) {
        reads = co_await call.reply.write(entries);
        if (!reads || bulletin.closed()) {
            break;
        }
        entries = co_await follower.next(call.context.settings.http_keep_alive);
        reads = !call.reply.gone();
        if (entries.empty()) {
            entries = ": nothing new\n\n";
        }
    }
    if (reads) {
        co_await call.reply.end();
    }
}

awaitable<void> show_metrics(Call& call) {
    Control& control = call.context.control;
    Answer answer{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                  .body = call.context.metrics.text(control.ps(), control.status())};
    co_await call.reply.send(std::move(answer));
}

}  // namespace

std::vector<Route> watching_routes() {
    return {
        {.method = "GET",
         .path = "/logs",
         .access = Access::key,
         .errors = openai_errors(),
         .handle = follow_log},
        {.method = "GET", .path = "/events", .errors = openai_errors(), .handle = follow},
        {.method = "GET", .path = "/metrics", .errors = openai_errors(), .handle = show_metrics}};
}

}  // namespace threadrunner::http
