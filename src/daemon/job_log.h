#pragma once

#include "job/jobs.h"

namespace threadrunner {

/// Writes the one line that the log has for each job. Nothing that its owner wrote or was answered,
/// unless `with_prompt` (the setting log.prompts): neither a prompt nor a message that may quote
/// one.
void log_job(const JobReport& report, bool with_prompt);

}  // namespace threadrunner
