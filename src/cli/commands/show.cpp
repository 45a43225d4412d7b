#include <string>
#include <utility>

#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/model_view.h"
#include "cli/request.h"

namespace threadrunner::cli {

Outcome run_show(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    wire::Json request = make_request("show", options);
    request["model"] = resolve_model(invocation.words.at(0));
    return call_for_result(context, options, std::move(request), Reach::start, deadline_of(options),
                           model_text);
}

}  // namespace threadrunner::cli
