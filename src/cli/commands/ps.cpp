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

std::string workers_table(const wire::Json& workers) {
    if (workers.empty()) {
        return "no workers\n";
    }
    Rows rows = {{"WORKER", "KIND", "STATE", "BUSY", "MEMORY", "LOADED", "UNLOADS IN", "PROCESS"}};
    for (const wire::Json& worker : workers) {
        const std::string name = text_in(worker, "model");
        rows.push_back(
            {name.empty() ? text_in(worker, "target") : name, text_in(worker, "kind"),
             text_in(worker, "state"), text_in(worker, "busy") + " of " + text_in(worker, "slots"),
             format_bytes(count_in(worker, "rss_bytes")), duration_in(worker, "loaded_ms"),
             has_in(worker, "expires_ms") ? duration_in(worker, "expires_ms") : "never",
             text_in(worker, "pid")});
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
