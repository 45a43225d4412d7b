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

/// "1.2 GiB of 24 GiB on CUDA0": what is promised of the devices besides the host.
std::string devices_text(const wire::Json& memory) {
    std::string out;
    for (const wire::Json& device : list_in(memory, "devices")) {
        if (text_in(device, "device") != "host") {
            out += ", " + format_bytes(count_in(device, "reserved_bytes")) + " of " +
                   format_bytes(count_in(device, "budget_bytes")) + " on " +
                   text_in(device, "device");
        }
    }
    return out;
}

/// Where HTTP is served, and a line for each place where it is not, and why.
std::string http_text(const wire::Json& http) {
    std::string out;
    for (const wire::Json& address : list_in(http, "addresses")) {
        out += (out.empty() ? "" : ", ") + address.get<std::string>();
    }
    out = out.empty() ? text_in(http, "socket") : out;
    for (const wire::Json& fault : list_in(http, "faults")) {
        out += (out.empty() ? "" : "; ") + fault.get<std::string>();
    }
    return out;
}

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
                       " reserved for workers" + devices_text(memory) + ", the daemon itself has " +
                       bytes("rss_bytes")},
        {"home", text_in(result, "home")},
        {"socket", text_in(result, "socket")},
        {"http", http_text(object_in(result, "http"))},
    });
}

}  // namespace

Outcome run_status(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    return call_for_result(context, options, make_request("status", options), Reach::running_only,
                           deadline_of(options), status_table);
}

}  // namespace threadrunner::cli
