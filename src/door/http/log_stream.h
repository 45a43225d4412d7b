#pragma once

#include <boost/asio/awaitable.hpp>

#include "door/http/route_table.h"

namespace threadrunner::http {

/// The handler of GET /logs: the last lines of the daemon's log and those that come, until the
/// client leaves. Each is a server-sent event, a JSON document as of log.format = "json". The query
/// says which: `lines` of the past, and `level` and `job` as for `threadrunner logs`.
[[nodiscard]] boost::asio::awaitable<void> follow_log(Call& call);

}  // namespace threadrunner::http
