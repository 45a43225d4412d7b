#include "base/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words_of(std::string_view text) {
    const auto words = split_words(text);
    EXPECT_TRUE(words) << (words ? "" : words.error().message);
    return words.value_or(std::vector<std::string>());
}

TEST(Words, AreSeparatedByBlanksAndKeptTogetherByQuotes) {
    EXPECT_THAT(words_of("  --flash-attn on\t-ctk  q8_0\n"),
                ElementsAre("--flash-attn", "on", "-ctk", "q8_0"));
    EXPECT_THAT(words_of(R"(--x '{"a": "b c"}' "two words")"),
                ElementsAre("--x", R"({"a": "b c"})", "two words"));
    EXPECT_THAT(words_of(R"(a\ b "c \"d\"" 'e\f' g"h i"j)"),
                ElementsAre("a b", "c \"d\"", "e\\f", "gh ij"));
    EXPECT_THAT(words_of("'' a"), ElementsAre("", "a"));
    EXPECT_THAT(words_of(" \t"), IsEmpty());
}

TEST(Words, AQuoteThatIsNotClosedIsRefusedAndShown) {
    const auto words = split_words("--x 'never");
    ASSERT_FALSE(words);
    EXPECT_EQ(words.error().code, ErrorCode::invalid_request);
    EXPECT_THAT(words.error().message, HasSubstr("the quote ' is not closed in: --x 'never"));
}

TEST(Words, AQuotedWordIsReadBackAsItWas) {
    for (const std::string word : {"plain", "", "two words", "it's", "a\\b \"c\"", "k=--x 'y'"}) {
        EXPECT_THAT(words_of("a " + quote_word(word) + " z"), ElementsAre("a", word, "z"));
    }
    EXPECT_EQ(quote_word("context=8192"), "context=8192");
}

}  // namespace
}  // namespace threadrunner
