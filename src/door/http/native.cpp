#include "door/http/native.h"

#include <string>
#include <utility>

#include "door/http/openapi_document.h"

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

/// A caller without a key sees what is asked without one, and nothing of the others.
awaitable<void> list_jobs(Call& call) {
    const Json listing = call.context.control.ps();
    Json jobs = Json::array();
    for (const Json& job : listing.at("jobs")) {
        if (call.caller.may_everything || job.at("owner") == call.caller.owner) {
            jobs.push_back(job);
        }
    }
    Json out = {{"jobs", std::move(jobs)}};
    co_await call.send(std::move(out));
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
    return {own("GET", "/health", health), own("GET", "/jobs", list_jobs),
            own("DELETE", "/jobs/{id}", cancel_job), own("GET", "/openapi.json", describe)};
}

}  // namespace threadrunner::http
