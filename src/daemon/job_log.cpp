#include "daemon/job_log.h"

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/log.h"

namespace threadrunner {
namespace {

using Fields = std::vector<log::Field>;

std::int64_t ms_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

void describe(const event::Done& done, Fields& out) {
    out.push_back({"end", std::string(wire::reason_name(done.reason))});
    if (done.usage) {
        out.push_back({"prompt", done.usage->prompt});
        out.push_back({"cached", done.usage->cached});
        out.push_back({"completion", done.usage->completion});
    }
}

/// Errors whose message may quote what the owner sent: a template's complaint, a grammar's.
bool may_quote(ErrorCode code) {
    return code == ErrorCode::invalid_request || code == ErrorCode::inference_failed;
}

void describe(const Error& error, bool with_prompt, Fields& out) {
    out.push_back({"end", "error"});
    out.push_back({"code", std::string(traits(error.code).name)});
    if (with_prompt || !may_quote(error.code)) {
        out.push_back({"message", error.message});
    }
}

std::string prompt_of(const Work& work) {
    if (const auto* route = std::get_if<work::Route>(&work)) {
        return route->body;
    }
    const auto* generate = std::get_if<work::Generate>(&work);
    if (generate == nullptr) {
        return {};
    }
    return generate->messages.empty() ? generate->prompt : wire::encode_json(generate->messages);
}

}  // namespace

void log_job(const JobReport& report, bool with_prompt) {
    const Job& job = report.job;
    const bool ran = job.started != Clock::time_point{};
    const auto began = ran ? job.started : report.ended;
    Fields fields = {{"op", std::string(work_name(job.spec.work))},
                     {"target", job.target.kind.empty() ? "-" : job.target.label()},
                     {"owner", job.spec.owner},
                     {"waited_ms", ms_between(job.created, began)},
                     {"ran_ms", ms_between(began, report.ended)}};
    if (const auto* error = std::get_if<Error>(&report.end)) {
        describe(*error, with_prompt, fields);
    } else {
        describe(std::get<event::Done>(report.end), fields);
    }
    if (with_prompt) {
        fields.push_back({"said", prompt_of(job.spec.work).substr(0, limits::log_line_bytes_max)});
    }
    const std::string name = job_name(job.id);
    if (log::enabled(log::Level::info, "job")) {
        log::write({.level = log::Level::info,
                    .target = "job",
                    .job = name,
                    .message = "ended",
                    .fields = fields});
    }
}

}  // namespace threadrunner
