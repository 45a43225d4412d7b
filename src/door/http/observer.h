#pragma once

#include "door/http/bulletin.h"
#include "door/http/metrics.h"
#include "job/jobs.h"
#include "worker/pool.h"

namespace threadrunner::http {

/// Hears what happens to jobs and workers, counts it and tells those who follow.
class Observer {
public:
    void job_ended(const JobReport& report);
    void worker_changed(const WorkerNews& news);

    [[nodiscard]] Metrics& metrics() { return metrics_; }
    [[nodiscard]] Bulletin& bulletin() { return bulletin_; }

private:
    Metrics metrics_;
    Bulletin bulletin_;
};

}  // namespace threadrunner::http
