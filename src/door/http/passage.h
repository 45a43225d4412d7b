#pragma once

#include <string>
#include <string_view>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// What a route of the door becomes for a worker.
struct PassedRoute {
    std::string path;     ///< the worker's
    bool embeds = false;  ///< it is for a model that makes vectors
    /// What a stream says that has nothing to say: a comment, which all clients skip, or an event.
    std::string_view sign_of_life = ": waiting\n\n";
};

/// The handler of a route that a worker answers in its own words: the request's body goes to the
/// worker that `model` in it (or in the query) names, and comes back untouched but for the model's
/// name and the answer's id. A client that leaves cancels the job, wherever it is; the worker gets
/// credit as the client reads. A stream that has nothing to say says so now and then; with
/// `x-progress: 1` comments tell how the model's load gets on.
[[nodiscard]] Handler pass_to_worker(PassedRoute route);

}  // namespace threadrunner::http
