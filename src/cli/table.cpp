#include "cli/table.h"

#include <algorithm>
#include <cstddef>

#include "cli/characters.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

/// One line a row, whatever a name holds.
std::string cell_text(const std::string& cell) {
    std::string out = safe_text(cell);
    std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return out;
}

}  // namespace

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        if (row.size() == 1 && rows.front().size() > 1) {
            continue;  // a note between the rows, which takes no column
        }
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], characters(cell_text(row[i])));
        }
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string text = cell_text(row[i]);
            const std::size_t width = characters(text);
            line += text + std::string(std::max(widths[i], width) - width + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

}  // namespace threadrunner::cli
