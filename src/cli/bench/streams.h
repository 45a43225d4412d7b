#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cli/bench/figures.h"
#include "cli/connection.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// How long run_streams() waits.
struct StreamWaits {
    Clock::duration silence;                 ///< for the next event of any of them
    std::optional<Clock::time_point> until;  ///< for the end of all; none: as long as it takes
};

/// Sends requests of `generate` at once over one connection and waits until all of them have ended;
/// their ids follow `first_id`, and must be new to the connection. `on_step` is called at least ten
/// times a second. An error of one is the error of all: close the connection then, which ends the
/// others. Ctrl-C is `cancelled`, a wait that is over `timeout`.
[[nodiscard]] Result<std::vector<StreamTimes>> run_streams(Connection& connection,
                                                           std::vector<wire::Json> requests,
                                                           std::int64_t first_id,
                                                           const StreamWaits& waits,
                                                           const std::function<void()>& on_step);

}  // namespace threadrunner::cli
