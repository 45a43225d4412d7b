#pragma once

#include <string>
#include <string_view>

#include "base/settings.h"
#include "job/job.h"
#include "model/registry.h"

namespace threadrunner {

/// The job's work with what its model has for requests that say nothing.
[[nodiscard]] Work completed_work(const JobSpec& spec, const Settings& settings,
                                  const model::Registry& models);

/// A generating route's body, a JSON object, with the members that it lacks put behind its own,
/// which stay as they are and in their order. What is no object comes back as it is. `stop_name` is
/// what the route calls its stop texts.
[[nodiscard]] std::string completed_body(const std::string& body, const work::Sampling& defaults,
                                         std::string_view stop_name = "stop");

}  // namespace threadrunner
