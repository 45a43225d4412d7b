#include "cli/tool_view.h"

#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "cli/result.h"
#include "cli/safe_text.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using wire::Json;

std::string directories(const Json& tool) {
    std::string out;
    for (const Json& grant : list_in(tool, "preopens")) {
        out += (out.empty() ? "" : ", ") + text_in(grant, "host") +
               (text_in(grant, "mode") == "rw" ? "" : " (read only)");
    }
    return out.empty() ? "nothing" : out;
}

/// "path, tags?": those that need not be there with a question mark.
std::string arguments(const Json& schema) {
    const Json& needed = list_in(schema, "required");
    std::string out;
    for (const auto& [name, ignored] : object_in(schema, "properties").items()) {
        const bool is_needed = std::ranges::find(needed, Json(name)) != needed.end();
        out += (out.empty() ? "" : ", ") + name + (is_needed ? "" : "?");
    }
    return out;
}

}  // namespace

std::string tools_table(const Json& result) {
    const Json& tools = list_in(result, "tools");
    if (tools.empty()) {
        return "no tools; install one: threadrunner tool install DIR\n";
    }
    Rows rows = {{"TOOL", "FROM", "MEMORY", "DEADLINE", "INSTANCES", "MAY TOUCH"}};
    for (const Json& tool : tools) {
        if (has_in(tool, "error")) {
            rows.push_back({text_in(tool, "name") + ": " + text_in(tool, "error")});
            continue;
        }
        rows.push_back({text_in(tool, "name"), flag_in(tool, "shipped") ? "shipped" : "installed",
                        format_bytes(count_in(tool, "memory_mib") * limits::mib),
                        duration_in(tool, "deadline_ms"), text_in(tool, "instances"),
                        directories(tool)});
    }
    return format_table(rows);
}

std::string tool_names(const Json& result) {
    std::string out;
    for (const Json& tool : list_in(result, "tools")) {
        if (!has_in(tool, "error")) {
            out += safe_text(text_in(tool, "name")) + "\n";
        }
    }
    return out;
}

std::string tool_text(const Json& description) {
    std::string out = safe_text(text_in(description, "name"));
    if (const std::string version = text_in(description, "version"); !version.empty()) {
        out += " " + safe_text(version);
    }
    Rows rows = {{"OP", "ARGUMENTS", "WHAT IT DOES"}};
    for (const auto& [name, op] : object_in(description, "ops").items()) {
        rows.push_back({name, arguments(object_in(op, "args")), text_in(op, "summary")});
    }
    return out + "\n\n" + format_table(rows);
}

std::string installed_text(const Json& result) {
    return "installed " + safe_text(text_in(result, "name")) +
           "; it may touch: " + safe_text(directories(result)) + "\n";
}

}  // namespace threadrunner::cli
