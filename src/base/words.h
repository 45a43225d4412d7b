#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace threadrunner {

/// Splits a text as a shell splits a command line, and no more: blanks separate words, 'single' and
/// "double" quotes keep them together, a backslash (not between single quotes) takes the next
/// character as it is. An open quote is invalid_request.
[[nodiscard]] Result<std::vector<std::string>> split_words(std::string_view text);

/// The word as split_words() reads it back: in quotes where it has to be.
[[nodiscard]] std::string quote_word(std::string_view word);

}  // namespace threadrunner
