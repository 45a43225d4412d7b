#pragma once

#include <vector>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// The page for people with a browser: GET /, and its files below /page/. They are the same for
/// everybody and hold no secret, so that they can ask for a key where one is needed.
[[nodiscard]] std::vector<Route> page_routes();

}  // namespace threadrunner::http
