#include "dummy/answer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace threadrunner::dummy {
namespace {

constexpr std::array<std::string_view, 5> opening = {"lorem", "ipsum", "dolor", "sit", "amet"};
constexpr std::string_view blanks = " \t\r\n\v\f";
constexpr std::string_view punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The next word, cut from the front of `rest`; empty when none is left.
std::string_view next_word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(blanks));
    rest.remove_prefix(word.size());
    return word;
}

void add_token(std::vector<std::string>& tokens, std::string_view word, std::string_view ending) {
    std::string token(tokens.empty() ? "" : " ");
    token += word;
    token += ending;
    tokens.push_back(std::move(token));
}

std::vector<std::string> whole_answer(std::string_view prompt) {
    std::vector<std::string> tokens;
    for (const std::string_view word : opening) {
        add_token(tokens, word, "");
    }
    for (auto word = next_word(prompt); !word.empty(); word = next_word(prompt)) {
        const std::size_t last = word.find_last_not_of(punctuation);
        if (last != std::string_view::npos) {
            add_token(tokens, word.substr(0, last + 1), ".");
        }
    }
    return tokens;
}

struct Match {
    std::size_t begin = std::string::npos;
    std::size_t end = std::string::npos;
    std::string_view word;
};

/// The stop text that is complete first, as a model that looks after each token would find it.
Match first_stop(const std::string& text, const std::vector<std::string>& stop) {
    Match first;
    for (const std::string& word : stop) {
        const std::size_t begin = word.empty() ? std::string::npos : text.find(word);
        if (begin != std::string::npos && begin + word.size() < first.end) {
            first = {.begin = begin, .end = begin + word.size(), .word = word};
        }
    }
    return first;
}

/// Leaves the first `bytes` of the answer's text; says how many tokens reach up to `end`.
std::size_t cut(std::vector<std::string>& tokens, std::size_t bytes, std::size_t end) {
    std::size_t at = 0;
    std::size_t reached = 0;
    std::size_t kept = 0;
    for (std::string& token : tokens) {
        const std::size_t begin = std::exchange(at, at + token.size());
        reached += begin < end ? 1 : 0;
        if (begin < bytes) {
            token.resize(std::min(token.size(), bytes - begin));
            ++kept;
        }
    }
    tokens.resize(kept);
    return reached;
}

}  // namespace

Answer make_answer(std::string_view prompt, std::optional<std::int64_t> tokens_max,
                   const std::vector<std::string>& stop) {
    Answer answer{.tokens = whole_answer(prompt)};
    if (tokens_max && *tokens_max >= 0 && std::cmp_less(*tokens_max, answer.tokens.size())) {
        answer.tokens.resize(static_cast<std::size_t>(*tokens_max));
        answer.reason = event::Reason::length;
    }
    answer.generated = answer.tokens.size();
    if (stop.empty()) {
        return answer;
    }
    std::string text;
    for (const std::string& token : answer.tokens) {
        text += token;
    }
    if (const Match match = first_stop(text, stop); match.begin != std::string::npos) {
        answer.generated = cut(answer.tokens, match.begin, match.end);
        answer.reason = event::Reason::stop;
        answer.stopping_word = match.word;
    }
    return answer;
}

std::size_t count_words(std::string_view text) {
    std::size_t count = 0;
    while (!next_word(text).empty()) {
        ++count;
    }
    return count;
}

}  // namespace threadrunner::dummy
