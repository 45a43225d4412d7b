#pragma once

#include <string>
#include <vector>

namespace threadrunner::cli {

/// Rows as aligned columns, two blanks apart, a line each. Cells count characters, not bytes; the
/// text must be UTF-8 and is made safe for a terminal.
[[nodiscard]] std::string format_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace threadrunner::cli
