#pragma once

#include <expected>
#include <vector>

#include "base/error.h"
#include "door/mcp/client.h"
#include "door/mcp/message.h"
#include "tool/function.h"

namespace threadrunner::mcp {

/// Of a request: its result, or why there is none.
using Reply = std::expected<wire::Json, Fault>;

/// What can be answered at once: initialize, ping, server/discover. method_not_found for all else
/// but what the Server answers.
[[nodiscard]] Reply answer_at_once(const Message& message, const Client& client);

/// The result of tools/list: a tool of MCP's is a function here, an op of a tool.
[[nodiscard]] wire::Json tool_listing(const Message& message,
                                      const std::vector<tool::Function>& functions);

/// The results of tools/call: what the tool said; and what went wrong, there or on the way. A model
/// reads both.
[[nodiscard]] wire::Json call_result(wire::Json said);
[[nodiscard]] wire::Json call_failure(const Error& error);

}  // namespace threadrunner::mcp
