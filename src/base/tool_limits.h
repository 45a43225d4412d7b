#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/limits.h"

/// The limits of sandboxed tools: as those of limits.h, for the few files that need them.
namespace threadrunner::limits {

constexpr std::size_t tool_name_bytes_max = 64;
constexpr std::size_t tool_grants_max = 64;  ///< directories of one tool, those of a call included
constexpr std::uint64_t tool_memory_mib = 512;
constexpr std::uint64_t tool_memory_mib_max = 4096;  ///< that 32 bits can address
constexpr auto tool_deadline = 30s;                  ///< of one call
constexpr auto tool_deadline_max = 24h;
constexpr std::size_t mcp_id_bytes_max = 1 * kib;  ///< of a message; it comes back
constexpr std::size_t mcp_name_bytes_max = 64;     ///< of a tool or a revision, where it comes back
constexpr std::size_t mcp_reply_bytes_max = 5 * mib;  ///< of a tool; it is sent as text and as data
constexpr auto mcp_call_within = 10min;  ///< waiting included; the tool's own deadline is sooner
constexpr auto tool_idle = 300s;
constexpr std::uint64_t tool_instances_max = 16;
constexpr std::size_t tool_calls_under_way_max = 64;  ///< on the pipe of one instance
constexpr std::size_t tool_frame_bytes_max = 64 * mib;
constexpr std::size_t tool_data_bytes_max = 10 * mib;  ///< in an answer; base64 makes more of them
constexpr std::size_t tool_module_bytes_max = 256 * mib;
constexpr std::size_t tool_functions_max = 64;  ///< of one tool, for models and MCP clients
constexpr std::size_t tool_offers_max = 32;     ///< tools that one request offers its model
constexpr std::size_t tool_rounds = 8;          ///< answers of a model that call tools
constexpr std::size_t tool_rounds_max = 32;
constexpr std::size_t tool_calls_max = 64;               ///< in one answer of a model
constexpr std::size_t tool_result_bytes_max = 64 * kib;  ///< that a model gets to read
constexpr auto tool_permission_within = 5min;            ///< then who did not say yes has said no
constexpr auto tool_granted_idle = 2s;       ///< of a worker with directories of some calls' own
constexpr auto tool_cancel_within = 1s;      ///< of a call that nobody waits for any more
constexpr auto tool_overdue_after = 2s;      ///< a call's deadline, if its host did not act on it
constexpr auto tool_trap_exits_within = 2s;  ///< a host that has told of its module's end

static_assert(tool_data_bytes_max / 3 * 4 < socket_frame_bytes_max);
static_assert(3 * mcp_reply_bytes_max < socket_frame_bytes_max);  // a text may double in JSON
static_assert(tool_calls_under_way_max * tool_instances_max <= worker_slots_max);

}  // namespace threadrunner::limits
