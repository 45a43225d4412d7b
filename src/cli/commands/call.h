#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "cli/commands/context.h"
#include "cli/conversation.h"
#include "cli/view.h"
#include "wire/event.h"

namespace threadrunner::cli {

/// What to do when no daemon runs.
enum class Reach : std::uint8_t {
    start,         ///< start one
    running_only,  ///< say so, with the exit code of a connection error
};

/// When the command must be over, from --timeout; counted from now.
[[nodiscard]] std::optional<Clock::time_point> deadline_of(const Options& options);

/// What stdin holds, if it is a pipe or a file. It says on stderr when it waits for a silent one.
[[nodiscard]] std::expected<std::optional<std::string>, Failure> piped_input(
    Context& context, bool only_input, std::optional<Clock::time_point> until);

/// A connection to the daemon.
[[nodiscard]] Result<UniqueFd> reach_daemon(const Options& options, Reach reach,
                                            std::optional<Clock::time_point> until);

/// An error of a job, with when to try again.
[[nodiscard]] Failure with_retry(Error error);

/// Connects, sends the request and shows its events in the view until the job ends.
[[nodiscard]] Result<Ending> converse(Context& context, const Options& options, wire::Json request,
                                      View& view, Reach reach,
                                      std::optional<Clock::time_point> until);

/// converse(), with an error as the command's failure.
[[nodiscard]] std::expected<Ending, Failure> call(Context& context, const Options& options,
                                                  wire::Json request, View& view, Reach reach,
                                                  std::optional<Clock::time_point> until);

/// Shows a result to people.
using Render = std::function<std::string(const wire::Json& result)>;

/// call(), for ops whose answer is `done.result`: printed as it is with --json, else rendered.
[[nodiscard]] Outcome call_for_result(Context& context, const Options& options, wire::Json request,
                                      Reach reach, std::optional<Clock::time_point> until,
                                      const Render& render);

/// The exit code of a job that ended without an error. One that somebody else cancelled counts as
/// interrupted; a reader that left has all that it wanted.
[[nodiscard]] Outcome exit_of(const Ending& ending);

}  // namespace threadrunner::cli
