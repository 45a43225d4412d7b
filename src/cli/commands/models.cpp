#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

std::string models_table(const wire::Json& result, const std::filesystem::path& folder) {
    std::vector<std::vector<std::string>> rows = {{"MODEL", "SIZE", "WEIGHTS", "CONTEXT", "FILE"}};
    for (const wire::Json& model : list_in(result, "models")) {
        const bool is_default = flag_in(model, "default");
        rows.push_back({text_in(model, "name") + (is_default ? " *" : ""),
                        format_bytes(count_in(model, "bytes")), text_in(model, "quantization"),
                        text_in(model, "context"), text_in(model, "path")});
        if (const std::string error = text_in(model, "error"); !error.empty()) {
            rows.push_back({"  cannot be used: " + error});
        }
    }
    if (rows.size() == 1) {
        return "There are no models yet. Put a GGUF file into " + folder.string() +
               ", or name one: threadrunner -m FILE\n";
    }
    return format_table(rows);
}

}  // namespace

Outcome run_models(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    return call_for_result(
        context, options, make_request("models", options), Reach::start, deadline_of(options),
        [&](const wire::Json& result) { return models_table(result, address->home.models()); });
}

}  // namespace threadrunner::cli
