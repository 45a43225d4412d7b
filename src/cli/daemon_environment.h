#pragma once

#include <string>
#include <vector>

#include "base/paths.h"

namespace threadrunner::cli {

/// The environment for a daemon, "NAME=value" each: ours, with the home and the model's file made
/// absolute, since the daemon works in another directory.
[[nodiscard]] std::vector<std::string> daemon_environment(const Home& home);

}  // namespace threadrunner::cli
