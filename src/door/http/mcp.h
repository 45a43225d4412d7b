#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "door/http/route_table.h"
#include "door/mcp/message.h"

namespace threadrunner::http {

/// The Model Context Protocol's "streamable HTTP" at /mcp: each message is a POST, answered by one
/// JSON document. Nothing is ever sent unasked, so there is no stream to GET. It needs a key on
/// this machine, too, as tools do.
[[nodiscard]] std::vector<Route> mcp_routes();

/// A message of the newest revision says some things in headers, too, for whoever routes it. Where
/// the two do not agree, what is wrong.
[[nodiscard]] std::optional<mcp::Fault> fault_in_headers(const Request& request,
                                                         const mcp::Message& message);

/// How a client that can read these types (its Accept header) is answered: the type of the answer;
/// empty: not at all.
[[nodiscard]] std::string_view answer_type(std::string_view accepted);

}  // namespace threadrunner::http
