#include "dummy/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::dummy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string text_of(const Answer& answer) {
    std::string text;
    for (const std::string& token : answer.tokens) {
        text += token;
    }
    return text;
}

TEST(DummyAnswer, SaysThePromptsWordsWithFullStopsAfterItsOpening) {
    const Answer answer = make_answer("Hello, how are you?", std::nullopt, {});
    EXPECT_EQ(text_of(answer), "lorem ipsum dolor sit amet Hello. how. are. you.");
    EXPECT_EQ(answer.reason, event::Reason::stop);
    EXPECT_EQ(answer.generated, 9U);
}

TEST(DummyAnswer, IsOneWordATokenWithTheBlankInFront) {
    EXPECT_THAT(make_answer("a b", std::nullopt, {}).tokens,
                ElementsAre("lorem", " ipsum", " dolor", " sit", " amet", " a.", " b."));
}

TEST(DummyAnswer, LeavesOutWordsThatArePunctuationAlone) {
    EXPECT_EQ(text_of(make_answer(" - well \n ... yes!?", std::nullopt, {})),
              "lorem ipsum dolor sit amet well. yes.");
}

TEST(DummyAnswer, KeepsLettersOfEveryAlphabet) {
    EXPECT_EQ(text_of(make_answer("Grüße, 世界!", std::nullopt, {})),
              "lorem ipsum dolor sit amet Grüße. 世界.");
}

TEST(DummyAnswer, HasItsOpeningForAnEmptyPrompt) {
    EXPECT_EQ(text_of(make_answer("", std::nullopt, {})), "lorem ipsum dolor sit amet");
}

TEST(DummyAnswer, EndsForItsLengthAtTheBoundOnTokens) {
    const Answer answer = make_answer("Hello", 3, {});
    EXPECT_EQ(text_of(answer), "lorem ipsum dolor");
    EXPECT_EQ(answer.reason, event::Reason::length);
    EXPECT_THAT(make_answer("Hello", 0, {}).tokens, IsEmpty());
}

TEST(DummyAnswer, IsWholeWhenTheBoundIsNotReached) {
    EXPECT_EQ(make_answer("Hello", 6, {}).reason, event::Reason::stop);
    EXPECT_EQ(make_answer("Hello", -1, {}).reason, event::Reason::stop);
}

TEST(DummyAnswer, EndsBeforeTheStopTextThatIsCompleteFirst) {
    const Answer answer = make_answer("Hello", std::nullopt, {"Hello", "lor s", "", "absent"});
    EXPECT_EQ(text_of(answer), "lorem ipsum do");
    EXPECT_EQ(answer.reason, event::Reason::stop);
    EXPECT_EQ(answer.stopping_word, "lor s");
    EXPECT_EQ(answer.generated, 4U);
}

TEST(DummyAnswer, DoesNotFindAStopTextBeyondTheBoundOnTokens) {
    const Answer answer = make_answer("Hello", 4, {"amet"});
    EXPECT_EQ(answer.reason, event::Reason::length);
    EXPECT_EQ(answer.stopping_word, "");
}

}  // namespace
}  // namespace threadrunner::dummy
