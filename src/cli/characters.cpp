#include "cli/characters.h"

#include <algorithm>

namespace threadrunner::cli {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }

/// The bytes of its first `count` characters.
std::string_view first_characters(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    while (at < text.size() && (!begins_character(text[at]) || count-- > 0)) {
        ++at;
    }
    return text.substr(0, at);
}

}  // namespace

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string shortened(std::string_view text, std::size_t characters_max, bool utf8) {
    if (characters(text) <= characters_max) {
        return std::string(text);
    }
    const std::string_view mark = utf8 ? "…" : "...";
    const std::size_t room = characters_max - std::min(characters_max, characters(mark));
    return std::string(first_characters(text, room)) +
           std::string(first_characters(mark, characters_max));
}

}  // namespace threadrunner::cli
