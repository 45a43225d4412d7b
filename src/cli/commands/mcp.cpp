#include <unistd.h>

#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/mcp_bridge.h"
#include "cli/request.h"

namespace threadrunner::cli {

Outcome run_mcp(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    wire::Json request = make_request("mcp", options);
    request["tools"] = options.tools;
    request["dirs"] = options.directories;
    request["read_only"] = options.read_only;
    if (options.timeout) {
        request["deadline_ms"] = options.timeout->count();
    }
    McpBridge bridge(STDIN_FILENO, context.console, std::move(request),
                     [&] { return reach_daemon(options, Reach::start, std::nullopt); });
    if (auto ended = bridge.run(); !ended) {
        return std::unexpected(ended.error());
    }
    return ExitCode::success;
}

}  // namespace threadrunner::cli
