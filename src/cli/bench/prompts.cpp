#include "cli/bench/prompts.h"

#include <array>
#include <string_view>

namespace threadrunner::cli {
namespace {

constexpr std::array<std::string_view, 8> names = {"Anna", "Boris", "Clara", "David",
                                                   "Emma", "Felix", "Greta", "Henry"};

constexpr std::array<std::string_view, 16> words_of_a_sentence = {
    "The", "quick", "brown", "fox",  "jumps", "over", "the",   "lazy",
    "dog", "and",   "runs",  "into", "the",   "deep", "green", "forest."};

}  // namespace

std::string story_prompt(std::size_t number) {
    const std::string name(names[number % names.size()]);
    return "Once upon a time, in a land far away, there lived " + std::to_string(number + 2) +
           " children. The eldest of them, who was very curious and never tired of asking, had the "
           "name " +
           name + ". One day " + name +
           " went into the deep forest behind the house to look for the place where the river "
           "begins, and there";
}

std::string long_prompt(std::size_t number, std::size_t words) {
    std::string out = std::to_string(number) + " times:";
    for (std::size_t i = 0; i < words; ++i) {
        out += ' ';
        out += words_of_a_sentence[i % words_of_a_sentence.size()];
    }
    return out;
}

}  // namespace threadrunner::cli
