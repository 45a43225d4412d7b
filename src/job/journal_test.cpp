#include "job/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace threadrunner {
namespace {

using testing::HasSubstr;

constexpr std::size_t roomy = 1'000'000;

Event token(const std::string& text) { return event::Token{.text = text}; }

std::string replayed(const Journal& journal, std::uint64_t after_seq) {
    std::string out;
    const auto result = journal.replay(after_seq, [&](std::uint64_t seq, const Event& event) {
        out += std::to_string(seq) + ":" + std::get<event::Token>(event).text + " ";
    });
    return result ? out
                  : std::string(traits(result.error().code).name) + ": " + result.error().message;
}

TEST(Journal, SaysAgainWhatCameAfterAnEvent) {
    Journal journal(roomy);
    EXPECT_EQ(journal.last_seq(), 0U);
    EXPECT_EQ(replayed(journal, 0), "");
    journal.add(1, token("a"));
    journal.add(2, token("b"));
    journal.add(3, token("c"));
    EXPECT_EQ(journal.last_seq(), 3U);
    EXPECT_EQ(replayed(journal, 0), "1:a 2:b 3:c ");
    EXPECT_EQ(replayed(journal, 2), "3:c ");
    EXPECT_EQ(replayed(journal, 3), "");
    EXPECT_EQ(replayed(journal, 99), "");
}

TEST(Journal, ATalkativeJobTakesNoMoreMemoryThanItsBoundAndAGapIsNeverHidden) {
    const std::string kib(1024, 'x');
    Journal journal(10 * 1024);
    for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
        journal.add(seq, token(kib));
    }
    std::uint64_t kept = 0;
    ASSERT_TRUE(journal.replay(995, [&](std::uint64_t, const Event&) { ++kept; }));
    EXPECT_EQ(kept, 5U);
    EXPECT_THAT(replayed(journal, 900), HasSubstr("gone: the job's events before 99"));
    EXPECT_THAT(replayed(journal, 900), HasSubstr("attach with a later 'after_seq'"));
}

TEST(Journal, TheLastEventIsKeptHoweverLargeItIs) {
    Journal journal(10);
    journal.add(1, token("a"));
    journal.add(2, token(std::string(100, 'y')));
    EXPECT_EQ(journal.last_seq(), 2U);
    EXPECT_EQ(replayed(journal, 1), "2:" + std::string(100, 'y') + " ");
}

}  // namespace
}  // namespace threadrunner
