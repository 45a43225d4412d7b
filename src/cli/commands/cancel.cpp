#include <string>
#include <utility>

#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/request.h"

namespace threadrunner::cli {

Outcome run_cancel(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const std::string& job = invocation.words.front();
    wire::Json request = make_request("cancel", options);
    request["job"] = job;
    return call_for_result(context, options, std::move(request), Reach::running_only,
                           deadline_of(options),
                           [&](const wire::Json&) { return "cancelled " + job + "\n"; });
}

}  // namespace threadrunner::cli
