#include "cli/tool_offer.h"

#include <string>

namespace threadrunner::cli {

std::expected<void, Failure> offer_tools(wire::Json& request, const Options& options, bool asks) {
    if (options.tools.empty()) {
        const char* const lonely = !options.directories.empty() ? "--dir"
                                   : options.allow_writes       ? "--allow-writes"
                                   : options.tool_rounds        ? "--tool-rounds"
                                                                : nullptr;
        if (lonely != nullptr) {
            return fail_usage(std::string(lonely) +
                              " is about the tools that the model may call; name them: --tools "
                              "NAME (threadrunner tool lists them)");
        }
        return {};
    }
    const char* const writes = options.allow_writes ? "allow" : asks ? "ask" : "deny";
    for (const std::string& name : options.tools) {
        wire::Json tool = {{"type", "threadrunner"}, {"name", name}, {"writes", writes}};
        if (!options.directories.empty()) {
            tool["dirs"] = options.directories;
        }
        request["tools"].push_back(std::move(tool));
    }
    if (options.tool_rounds) {
        request["max_rounds"] = *options.tool_rounds;
    }
    return {};
}

}  // namespace threadrunner::cli
