#include <string>
#include <utility>

#include "base/paths.h"
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
    Options options = invocation.options;
    if (!invocation.words.empty()) {
        options.model = invocation.words[0];
    }
    // Without a word of one, all idle workers are meant, whatever the environment says.
    const bool one = options.model || options.backend;
    wire::Json request =
        one ? make_model_request("unload", options, environment) : make_request("unload", options);
    return call_for_result(context, options, std::move(request), Reach::running_only,
                           deadline_of(options), unloaded_lines);
}

}  // namespace threadrunner::cli
