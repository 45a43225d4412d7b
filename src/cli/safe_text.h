#pragma once

#include <string>
#include <string_view>

namespace threadrunner::cli {

/// Text from outside made harmless for a terminal: control characters, among them ESC and the C1
/// range with which escape sequences begin, become visible symbols; carriage returns vanish, since
/// what follows one would overwrite what was there. Line breaks, tabs and everything else stay.
/// The text must be UTF-8.
[[nodiscard]] std::string safe_text(std::string_view text);

/// The same for a JSON document: the characters that JSON leaves unescaped and a terminal would
/// obey (DEL and C1) become \u escapes, so that the document still means the same.
[[nodiscard]] std::string safe_json(std::string_view document);

}  // namespace threadrunner::cli
