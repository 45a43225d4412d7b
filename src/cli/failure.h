#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace threadrunner::cli {

/// Why the command ends without success: what to say on stderr and the exit code. It adds to Error
/// what only a command line has: usage.
struct Failure {
    ExitCode exit_code = ExitCode::unknown;
    std::string message;

    Failure(ExitCode exit, std::string text) : exit_code(exit), message(std::move(text)) {}
    /// An error of the daemon or of the system, with the exit code of its table.
    Failure(Error error)  // NOLINT(google-explicit-constructor): every Error is a Failure
        : exit_code(traits(error.code).exit_code), message(std::move(error.message)) {}
};

/// How a command ends.
using Outcome = std::expected<ExitCode, Failure>;

/// The failing branch for words or options that make no sense; the message names the remedy.
[[nodiscard]] inline std::unexpected<Failure> fail_usage(std::string message) {
    return std::unexpected(Failure(ExitCode::usage, std::move(message)));
}

}  // namespace threadrunner::cli
