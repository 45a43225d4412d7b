#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/failure.h"
#include "cli/invocation.h"

namespace threadrunner::cli {

/// Reads a command line (without the program's name). Words are a prompt unless the first names a
/// command and the rest fits its grammar; `--` before the words, or `ask`, makes them a prompt.
/// Options may stand before, between and after words, and end at `--`. The failure is one of usage.
[[nodiscard]] std::expected<Invocation, Failure> route_arguments(
    std::vector<std::string> arguments);

}  // namespace threadrunner::cli
