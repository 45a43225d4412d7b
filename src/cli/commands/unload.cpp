#include <string>

#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

std::string unloaded_lines(const wire::Json& result) {
    std::string out;
    for (const wire::Json& target : list_in(result, "unloaded")) {
        if (target.is_string()) {
            out += "unloaded " + safe_text(target.get<std::string>()) + "\n";
        }
    }
    return out.empty() ? "nothing to unload\n" : out;
}

}  // namespace

Outcome run_unload(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    if (invocation.words.empty() != options.all) {
        return fail_usage("unload wants one model, or --all; threadrunner ps shows what is loaded");
    }
    wire::Json request = make_request("unload", options);
    if (!options.all) {
        request["model"] = resolve_model(invocation.words[0]);
    }
    return call_for_result(context, options, std::move(request), Reach::running_only,
                           deadline_of(options), unloaded_lines);
}

}  // namespace threadrunner::cli
