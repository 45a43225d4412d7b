#include "door/http/native.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "door/http/openapi_document.h"
#include "job/job_stream.h"
#include "wire/fields.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;
using wire::Json;

awaitable<void> health(Call& call) {
    const Json ok = {{"status", "ok"}};
    if (auto ready = call.context.control.ready(); !ready) {
        co_await call.refuse(ready.error());
    } else {
        co_await call.send(ok);
    }
}

/// What runs, as the caller may see it: without a key what is asked without one, and nothing of the
/// others' jobs.
Json visible_ps(const Call& call) {
    Json out = call.context.control.ps();
    Json jobs = Json::array();
    for (Json& job : out.at("jobs")) {
        if (call.caller.may_everything || job.at("owner") == call.caller.owner) {
            jobs.push_back(std::move(job));
        }
    }
    out["jobs"] = std::move(jobs);
    return out;
}

awaitable<void> show_status(Call& call) {
    Json status = call.context.control.status();
    co_await call.send(std::move(status));
}

awaitable<void> show_ps(Call& call) {
    Json ps = visible_ps(call);
    co_await call.send(std::move(ps));
}

awaitable<void> list_jobs(Call& call) {
    Json out = {{"jobs", visible_ps(call).at("jobs")}};
    co_await call.send(std::move(out));
}

awaitable<void> list_models(Call& call) {
    ModelsOp op = models_op::List();
    auto listing = co_await call.context.control.models(std::move(op));
    if (listing) {
        co_await call.send(*std::move(listing));
    } else {
        co_await call.refuse(std::move(listing.error()));
    }
}

/// The job that loads what `model` in a body names, or the default.
JobSpec load_spec(const Call& call, wire::Fields& body) {
    const ModelAddress address = call.context.address_of(body.text("model").value_or(""));
    return {.backend = address.backend,
            .model = address.model,
            .work = work::Load{},
            .owner = call.caller.owner};
}

awaitable<void> finish_load(Call& call, event::Done done) {
    if (done.reason == event::Reason::cancelled) {
        Error error{.code = ErrorCode::cancelled, .message = "the load was cancelled"};
        co_await call.refuse(std::move(error));
    } else {
        Json result = done.result.is_object() ? std::move(done.result) : Json::object();
        co_await call.send(std::move(result));
    }
}

/// Follows a load to its end, or until its client leaves, which cancels it unless it is detached.
awaitable<void> follow_load(Call& call, JobSpec spec) {
    JobStream stream(call.context.executor, call.context.jobs);
    call.reply.when_gone([&stream] { stream.wake(); });
    stream.submit(std::move(spec));
    bool over = false;
    while (!over && !call.reply.gone()) {
        auto item = co_await stream.next(call.context.settings.http_keep_alive);
        if (!item) {
            continue;
        }
        over = ends_job(item->event);
        if (auto* error = std::get_if<Error>(&item->event)) {
            co_await call.refuse(std::move(*error));
        } else if (auto* done = std::get_if<event::Done>(&item->event)) {
            co_await finish_load(call, std::move(*done));
        } else {
            stream.give_back(item->credits);
        }
    }
    call.reply.when_gone(nullptr);
}

awaitable<void> load(Call& call) {
    const auto body = co_await call.body();
    if (!body) {
        co_await call.refuse(body.error());
        co_return;
    }
    wire::Fields fields(*body, "the request");
    JobSpec spec = load_spec(call, fields);
    spec.detached = fields.flag("detach").value_or(false);
    if (auto checked = fields.check(); !checked) {
        co_await call.refuse(checked.error());
    } else {
        co_await follow_load(call, std::move(spec));
    }
}

Result<Json> unloaded(Call& call, const Json& body) {
    wire::Fields fields(body, "the request");
    JobSpec spec = load_spec(call, fields);
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    const bool one = fields.has("model");
    return call.context.control.unload(one ? std::optional(std::move(spec)) : std::nullopt);
}

awaitable<void> unload(Call& call) {
    const auto body = co_await call.body();
    Result<Json> document = body ? unloaded(call, *body) : std::unexpected(body.error());
    if (document) {
        co_await call.send(*std::move(document));
    } else {
        co_await call.refuse(document.error());
    }
}

Result<Json> cancelled(Call& call) {
    Jobs& jobs = call.context.jobs;
    const auto id = job_id_from(call.argument);
    const Job* const job = id ? jobs.find(*id) : nullptr;
    if (job == nullptr) {
        return fail(ErrorCode::not_found,
                    "there is no job '" + call.argument + "' under way; GET /jobs lists them");
    }
    if (job->spec.owner != call.caller.owner && !call.caller.may_everything) {
        return fail(ErrorCode::unauthorized,
                    "the job " + call.argument +
                        " is another's: ending it needs a key (http.key_file), or the Unix socket "
                        "run/http.sock");
    }
    jobs.cancel(*id);
    return Json{{"cancelled", call.argument}};
}

awaitable<void> cancel_job(Call& call) {
    Result<Json> document = cancelled(call);
    if (document) {
        co_await call.send(*std::move(document));
    } else {
        co_await call.refuse(document.error());
    }
}

awaitable<void> describe(Call& call) {
    Answer answer{.content_type = "application/json", .body = std::string(openapi_document)};
    co_await call.reply.send(std::move(answer));
}

Route own(std::string_view method, std::string_view path, Handler handle) {
    return {.method = method, .path = path, .errors = openai_errors(), .handle = std::move(handle)};
}

}  // namespace

std::vector<Route> native_routes() {
    return {own("GET", "/health", health),        own("GET", "/status", show_status),
            own("GET", "/ps", show_ps),           own("GET", "/models", list_models),
            own("POST", "/load", load),           own("POST", "/unload", unload),
            own("GET", "/jobs", list_jobs),       own("DELETE", "/jobs/{id}", cancel_job),
            own("GET", "/openapi.json", describe)};
}

}  // namespace threadrunner::http
