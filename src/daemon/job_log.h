#pragma once

#include "job/jobs.h"

namespace threadrunner {

/// Writes the one line that the log has for each job. Nothing that its owner wrote or was answered.
void log_job(const JobReport& report);

}  // namespace threadrunner
