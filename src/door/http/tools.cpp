#include "door/http/tools.h"

#include <string>
#include <utility>
#include <variant>

#include "door/directories.h"
#include "job/job_stream.h"
#include "wire/fields.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;
using wire::Json;

awaitable<void> list_tools(Call& call) {
    ToolsOp op = tools_op::List();
    auto listing = co_await call.context.control.tools(std::move(op));
    if (listing) {
        co_await call.send(*std::move(listing));
    } else {
        co_await call.refuse(std::move(listing.error()));
    }
}

/// The body is the op's arguments; what is about the call itself is taken out of it.
Result<JobSpec> read_call(const Call& call, Json body) {
    constexpr std::int64_t deadline_ms_max = std::int64_t{1000} * 3600 * 24;
    const std::size_t slash = call.argument.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == call.argument.size()) {
        return fail(ErrorCode::not_found, "'" + call.argument +
                                              "' names no tool and its op, as in "
                                              "/tools/text/word_count; GET /tools lists the tools");
    }
    wire::Fields fields(body, "the request");
    work::Call work{.op = call.argument.substr(slash + 1), .directories = read_directories(fields)};
    const auto deadline = fields.integer("deadline_ms", 1, deadline_ms_max);
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    body.erase("dirs");
    body.erase("deadline_ms");
    work.args = std::move(body);
    JobSpec spec{.backend = "sandbox",
                 .model = call.argument.substr(0, slash),
                 .work = std::move(work),
                 .owner = call.caller.owner};
    if (deadline) {
        spec.deadline = Clock::now() + std::chrono::milliseconds(*deadline);
    }
    return spec;
}

awaitable<void> finish(Call& call, event::Done done, Json value) {
    if (done.reason == event::Reason::cancelled) {
        Error error{.code = ErrorCode::cancelled, .message = "the call was cancelled"};
        co_await call.refuse(std::move(error));
    } else {
        co_await call.send(std::move(value));
    }
}

/// Follows a call to its end, or until its client leaves, which cancels it.
awaitable<void> follow(Call& call, JobSpec spec) {
    JobStream stream(call.context.executor, call.context.jobs);
    call.reply.when_gone([&stream] { stream.wake(); });
    stream.submit(std::move(spec));
    Json value;
    bool over = false;
    while (!over && !call.reply.gone()) {
        auto item = co_await stream.next(call.context.settings.http_keep_alive);
        if (!item) {
            continue;
        }
        over = ends_job(item->event);
        if (auto* output = std::get_if<event::Output>(&item->event)) {
            value = std::move(output->value);
        }
        if (auto* error = std::get_if<Error>(&item->event)) {
            co_await call.refuse(std::move(*error));
        } else if (auto* done = std::get_if<event::Done>(&item->event)) {
            co_await finish(call, std::move(*done), std::move(value));
        } else {
            stream.give_back(item->credits);
        }
    }
    call.reply.when_gone(nullptr);
}

awaitable<void> call_tool(Call& call) {
    auto body = co_await call.body();
    if (!body) {
        co_await call.refuse(body.error());
        co_return;
    }
    auto spec = read_call(call, *std::move(body));
    if (spec) {
        co_await follow(call, *std::move(spec));
    } else {
        co_await call.refuse(spec.error());
    }
}

}  // namespace

std::vector<Route> tool_routes() {
    return {{.method = "GET",
             .path = "/tools",
             .access = Access::key,
             .errors = openai_errors(),
             .handle = list_tools},
            {.method = "POST",
             .path = "/tools/{tool}/{op}",
             .access = Access::key,
             .errors = openai_errors(),
             .handle = call_tool}};
}

}  // namespace threadrunner::http
