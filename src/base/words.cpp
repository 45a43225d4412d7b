#include "base/words.h"

#include <optional>

namespace threadrunner {

Result<std::vector<std::string>> split_words(std::string_view text) {
    std::vector<std::string> words;
    std::optional<std::string> word;  // quotes make an empty word one, too
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            if (word) {
                words.push_back(*std::move(word));
                word.reset();
            }
            continue;
        }
        word = word ? std::move(word) : "";
        if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            *word += text[++i];
        } else {
            *word += c;
        }
    }
    if (quote != '\0') {
        return fail(ErrorCode::invalid_request, "the quote " + std::string(1, quote) +
                                                    " is not closed in: " + std::string(text));
    }
    if (word) {
        words.push_back(*std::move(word));
    }
    return words;
}

std::string quote_word(std::string_view word) {
    if (!word.empty() && word.find_first_of(" \t\n\r'\"\\") == std::string_view::npos) {
        return std::string(word);
    }
    std::string out = "'";
    for (const char c : word) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

}  // namespace threadrunner
