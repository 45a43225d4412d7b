#include <string>
#include <string_view>
#include <utility>

#include "base/paths.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

std::string loaded_line(const wire::Json& result) {
    const wire::Json& meta = object_in(result, "meta");
    std::string out = "loaded";
    std::string_view separator = " ";
    const auto add = [&](const std::string& value, std::string_view what) {
        if (!value.empty()) {
            out += std::string(separator) + value + std::string(what);
            separator = ", ";
        }
    };
    add(safe_text(text_in(meta, "name")), "");
    add(safe_text(text_in(meta, "quantization")), "");
    add(text_in(meta, "context"), " tokens of context");
    const std::string slots = text_in(result, "slots");
    add(slots, slots == "1" ? " slot" : " slots");
    return out + "\n";
}

}  // namespace

Outcome run_load(const Invocation& invocation, Context& context) {
    Options options = invocation.options;
    if (!invocation.words.empty()) {
        options.model = invocation.words[0];
    }
    return call_for_result(context, options, make_model_request("load", options, environment),
                           Reach::start, deadline_of(options), loaded_line);
}

}  // namespace threadrunner::cli
