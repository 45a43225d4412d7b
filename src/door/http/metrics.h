#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "job/jobs.h"
#include "wire/decode.h"

namespace threadrunner::http {

/// What the daemon measures, in the text format of Prometheus. What vLLM measures too has its name
/// (https://docs.vllm.ai/en/latest/usage/metrics.html), so that dashboards made for it work here;
/// the rest begins with threadrunner_. On the event loop.
class Metrics {
public:
    Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;
    ~Metrics();

    void job_ended(const JobReport& report);
    void worker_loaded(const Target& target, Clock::duration within);
    /// `reason`: idle, evicted, crashed …
    void worker_stopped(const Target& target, std::string_view reason);

    /// All of it; `ps` and `status` are the documents of door/control.h, for what is so now.
    [[nodiscard]] std::string text(const wire::Json& ps, const wire::Json& status) const;

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace threadrunner::http
