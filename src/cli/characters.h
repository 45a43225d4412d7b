#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace threadrunner::cli {

/// How many characters a UTF-8 text has. Those that combine or are wide count as one, too.
[[nodiscard]] std::size_t characters(std::string_view text);

/// The text, at most that many characters long: where it is cut, an ellipsis says so, in dots
/// unless the terminal shows `utf8`. The text must be UTF-8.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t characters_max, bool utf8);

}  // namespace threadrunner::cli
