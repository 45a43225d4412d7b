#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/event.h"

namespace threadrunner::dummy {

/// What the dummy says to a prompt: `lorem ipsum dolor sit amet`, then the prompt's words, each
/// ending in a full stop instead of its own punctuation.
struct Answer {
    std::vector<std::string> tokens;  ///< one a word, the separating blank at its front
    event::Reason reason = event::Reason::stop;
    std::string stopping_word;  ///< the stop text that ended it early, if one did
    /// Tokens made, which is one more than `tokens` has where a stop text swallowed the last whole.
    std::size_t generated = 0;
};

/// At most `tokens_max` tokens, cut where the first of the `stop` texts begins.
[[nodiscard]] Answer make_answer(std::string_view prompt, std::optional<std::int64_t> tokens_max,
                                 const std::vector<std::string>& stop);

/// Words are what blanks and line ends separate; a prompt's tokens are counted so.
[[nodiscard]] std::size_t count_words(std::string_view text);

}  // namespace threadrunner::dummy
