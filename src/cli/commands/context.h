#pragma once

#include "cli/console.h"
#include "cli/failure.h"
#include "cli/invocation.h"
#include "cli/terminal.h"

namespace threadrunner::cli {

/// What every command works with.
struct Context {
    Terminal terminal;
    Console console;
};

}  // namespace threadrunner::cli
