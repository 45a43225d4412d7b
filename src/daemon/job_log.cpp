#include "daemon/job_log.h"

#include <fmt/core.h>

#include <chrono>
#include <string>
#include <variant>

#include "base/log.h"

namespace threadrunner {
namespace {

std::int64_t ms_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

std::string describe(const event::Done& done) {
    std::string out = fmt::format("end={}", wire::reason_name(done.reason));
    if (done.usage) {
        out += fmt::format(" prompt={} cached={} completion={}", done.usage->prompt,
                           done.usage->cached, done.usage->completion);
    }
    return out;
}

}  // namespace

void log_job(const JobReport& report) {
    const Job& job = report.job;
    const bool ran = job.started != Clock::time_point{};
    const auto began = ran ? job.started : report.ended;
    const std::string head = fmt::format(
        "{} op={} target={} owner={} waited_ms={} ran_ms={}", job_name(job.id),
        work_name(job.spec.work), job.target.kind.empty() ? "-" : job.target.label(),
        job.spec.owner, ms_between(job.created, began), ms_between(began, report.ended));
    if (const auto* error = std::get_if<Error>(&report.end)) {
        log::info("job", "{} end=error code={} message=\"{}\"", head, traits(error->code).name,
                  error->message);
    } else {
        log::info("job", "{} {}", head, describe(std::get<event::Done>(report.end)));
    }
}

}  // namespace threadrunner
