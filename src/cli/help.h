#pragma once

#include <string>

#include "cli/command_table.h"

namespace threadrunner::cli {

/// The help of the whole: examples first, then commands, options, environment, exit codes.
[[nodiscard]] std::string help_text();

/// The help of one command: usage, examples, the options that it takes.
[[nodiscard]] std::string help_text(const CommandSpec& command);

}  // namespace threadrunner::cli
