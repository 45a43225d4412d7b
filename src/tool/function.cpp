#include "tool/function.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/tool_limits.h"
#include "wire/fields.h"

namespace threadrunner::tool {
namespace {

using wire::Json;

/// What OpenAI's and MCP's clients take as a name.
bool is_function_name(std::string_view name) {
    constexpr std::size_t bytes_max = 64;
    return name.size() <= bytes_max && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
           });
}

std::unexpected<Error> misdescribed(const std::string& tool, const std::string& why) {
    return fail(ErrorCode::not_supported, "the tool " + tool + " cannot be offered to a model: " +
                                              why + "; see threadrunner tool describe " + tool);
}

}  // namespace

Result<std::vector<Function>> functions_of(const std::string& tool, const Json& description) {
    wire::Fields fields(description, "its answer to 'describe'");
    const Json ops = fields.value("ops");
    if (!ops.is_object()) {
        return misdescribed(tool, "its answer to 'describe' has no object 'ops'");
    }
    std::vector<Function> out;
    for (const auto& [op, about] : ops.items()) {
        if (op == "describe" || op == "batch") {
            continue;
        }
        wire::Fields members(about, "it");
        Function function{.name = fmt::format("{}_{}", tool, op),
                          .tool = tool,
                          .op = op,
                          .summary = members.text("summary").value_or(""),
                          .parameters = members.value("args"),
                          .writes = members.flag("writes").value_or(false)};
        if (auto checked = members.check(); !checked) {
            return misdescribed(tool, "its op '" + op + "': " + checked.error().message);
        }
        if (!is_function_name(function.name)) {
            return misdescribed(tool, "'" + function.name +
                                          "' is no name for a function: letters, "
                                          "digits, - and _, 64 at most");
        }
        if (!function.parameters.is_object()) {
            function.parameters = {{"type", "object"}};
        }
        out.push_back(std::move(function));
    }
    if (out.size() > limits::tool_functions_max) {
        return misdescribed(
            tool, "it has more than " + std::to_string(limits::tool_functions_max) + " ops");
    }
    return out;
}

}  // namespace threadrunner::tool
