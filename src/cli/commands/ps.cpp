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

using Rows = std::vector<std::vector<std::string>>;

/// A model by its name, as -m takes it; any other by its path.
std::string worker_name(const wire::Json& worker) {
    for (const char* member : {"name", "model"}) {
        if (std::string name = text_in(worker, member); !name.empty()) {
            return name;
        }
    }
    return text_in(worker, "target");
}

/// A worker at work has no time set for its end.
std::string unloads_in(const wire::Json& worker) {
    if (has_in(worker, "expires_ms")) {
        return duration_in(worker, "expires_ms");
    }
    return count_in(worker, "busy") > 0 ? "-" : "never";
}

std::string workers_table(const wire::Json& workers) {
    if (workers.empty()) {
        return "no workers\n";
    }
    Rows rows = {{"WORKER", "KIND", "STATE", "BUSY", "WAITING", "RESERVED", "MEMORY", "LOADED",
                  "UNLOADS IN", "PROCESS"}};
    for (const wire::Json& worker : workers) {
        rows.push_back({worker_name(worker), text_in(worker, "kind"), text_in(worker, "state"),
                        text_in(worker, "busy") + " of " + text_in(worker, "slots"),
                        text_in(worker, "waiting"),
                        format_bytes(count_in(worker, "reserved_bytes")),
                        format_bytes(count_in(worker, "rss_bytes")),
                        duration_in(worker, "loaded_ms"), unloads_in(worker),
                        // a server of somebody else has none that we know
                        count_in(worker, "pid") > 0 ? text_in(worker, "pid") : "-"});
    }
    return format_table(rows);
}

std::string jobs_table(const wire::Json& jobs) {
    if (jobs.empty()) {
        return "no jobs\n";
    }
    Rows rows = {{"JOB", "DOES", "WITH", "STATE", "PRIORITY", "AGE", "OWNER"}};
    for (const wire::Json& job : jobs) {
        rows.push_back({text_in(job, "job"), text_in(job, "op"), text_in(job, "target"),
                        text_in(job, "state"), text_in(job, "priority"), duration_in(job, "age_ms"),
                        text_in(job, "owner")});
    }
    return format_table(rows);
}

std::string ps_tables(const wire::Json& result) {
    return workers_table(list_in(result, "workers")) + "\n" + jobs_table(list_in(result, "jobs"));
}

}  // namespace

Outcome run_ps(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    return call_for_result(context, options, make_request("ps", options), Reach::running_only,
                           deadline_of(options), ps_tables);
}

}  // namespace threadrunner::cli
