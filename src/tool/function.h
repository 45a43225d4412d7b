#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner::tool {

/// One op of a tool as it is offered to models and to MCP clients.
struct Function {
    std::string name;  ///< TOOL_OP, as in taglib_read_tags: letters, digits, - and _, 64 at most
    std::string tool;
    std::string op;
    std::string summary;
    wire::Json parameters;  ///< the JSON schema of its arguments
    bool writes = false;    ///< it says that it changes files
};

/// The functions of a tool, by its answer to the op `describe` (docs/tools/write-your-own.md).
/// `describe` itself and `batch` are for programs and no functions. A tool is not trusted:
/// not_supported for an answer of another shape, or with more than limits::tool_functions_max.
[[nodiscard]] Result<std::vector<Function>> functions_of(const std::string& tool,
                                                         const wire::Json& description);

}  // namespace threadrunner::tool
