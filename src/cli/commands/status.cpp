#include <string>
#include <vector>

#include "base/text.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

std::string status_table(const wire::Json& result) {
    const wire::Json& jobs = object_in(result, "jobs");
    const wire::Json& memory = object_in(result, "memory");
    const auto bytes = [&](std::string_view name) { return format_bytes(count_in(memory, name)); };
    return format_table({
        {"daemon", "running for " + duration_in(result, "uptime_ms") + ", version " +
                       text_in(result, "version") + ", process " + text_in(result, "pid")},
        {"jobs", text_in(jobs, "running") + " running, " + text_in(jobs, "waiting") + " waiting, " +
                     text_in(jobs, "finished") + " finished, " + text_in(jobs, "failed") +
                     " failed"},
        {"workers", text_in(result, "workers")},
        {"memory", bytes("reserved_bytes") + " of " + bytes("budget_bytes") +
                       " reserved for workers, the daemon itself has " + bytes("rss_bytes")},
        {"home", text_in(result, "home")},
        {"socket", text_in(result, "socket")},
    });
}

}  // namespace

Outcome run_status(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    return call_for_result(context, options, make_request("status", options), Reach::running_only,
                           deadline_of(options), status_table);
}

}  // namespace threadrunner::cli
