#include "door/http/observer.h"

#include <chrono>
#include <cstdint>

namespace threadrunner::http {
namespace {

using wire::Json;

std::int64_t ms_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

Json describe(const JobReport& report) {
    const Job& job = report.job;
    const bool ran = job.started != Clock::time_point{};
    const auto began = ran ? job.started : report.ended;
    Json out = {{"job", job_name(job.id)},
                {"op", work_name(job.spec.work)},
                {"target", job.target.kind.empty() ? "" : job.target.label()},
                {"owner", job.spec.owner},
                {"waited_ms", ms_between(job.created, began)},
                {"ran_ms", ms_between(began, report.ended)}};
    if (const auto* error = std::get_if<Error>(&report.end)) {
        out["end"] = "error";
        out["code"] = traits(error->code).name;
    } else {
        const auto& done = std::get<event::Done>(report.end);
        out["end"] = wire::reason_name(done.reason);
        if (done.usage) {
            out["prompt"] = done.usage->prompt;
            out["cached"] = done.usage->cached;
            out["completion"] = done.usage->completion;
        }
    }
    return out;
}

}  // namespace

void Observer::job_ended(const JobReport& report) {
    metrics_.job_ended(report);
    bulletin_.tell("job", describe(report), report.job.spec.owner);
}

void Observer::worker_changed(const WorkerNews& news) {
    const Supervisor& worker = news.worker;
    const Json target = worker.target().label();
    switch (news.what) {
        case WorkerNews::What::started:
            bulletin_.tell("load", {{"target", target}, {"fraction", 0.0}});
            break;
        case WorkerNews::What::loading: {
            Json told = wire::event_to_json(news.load);
            told.erase("ev");
            told["target"] = target;
            bulletin_.tell("load", told);
            break;
        }
        case WorkerNews::What::ready: {
            const auto within = worker.ready_since() - worker.started_at();
            metrics_.worker_loaded(worker.target(), within);
            bulletin_.tell("ready",
                           {{"target", target},
                            {"slots", worker.slots()},
                            {"load_ms", ms_between(worker.started_at(), worker.ready_since())}});
            break;
        }
        case WorkerNews::What::stopped:
            metrics_.worker_stopped(worker.target(), worker.stopped_because());
            bulletin_.tell("unload", {{"target", target}, {"reason", worker.stopped_because()}});
            break;
    }
}

}  // namespace threadrunner::http
