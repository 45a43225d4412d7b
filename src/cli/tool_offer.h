#pragma once

#include <expected>

#include "cli/failure.h"
#include "cli/invocation.h"

namespace threadrunner::cli {

/// Puts the tools of --tools into a request for an answer, each with the directories of --dir. What
/// they may change: all of it with --allow-writes; what a person says yes to, where `asks` says
/// that one can be asked; else nothing. Options about tools that are not there are a failure of
/// usage.
[[nodiscard]] std::expected<void, Failure> offer_tools(wire::Json& request, const Options& options,
                                                       bool asks);

}  // namespace threadrunner::cli
