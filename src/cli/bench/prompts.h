#pragma once

#include <cstddef>
#include <string>

namespace threadrunner::cli {

/// A text that models go on with for long. Each number has its own, so that several at once are
/// several stories.
[[nodiscard]] std::string story_prompt(std::size_t number);

/// About so many words, which begin with the number, so that nothing of it is warm.
[[nodiscard]] std::string long_prompt(std::size_t number, std::size_t words);

}  // namespace threadrunner::cli
