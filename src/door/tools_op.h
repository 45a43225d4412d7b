#pragma once

#include <filesystem>
#include <string>
#include <variant>

namespace threadrunner {

/// What doors can ask about the sandboxed tools, and change of them.
namespace tools_op {

struct List {};
/// Takes in a copy of the tool in a folder.
struct Install {
    std::filesystem::path folder;
};
/// Deletes one that was installed.
struct Remove {
    std::string tool;
};

}  // namespace tools_op

using ToolsOp = std::variant<tools_op::List, tools_op::Install, tools_op::Remove>;

}  // namespace threadrunner
