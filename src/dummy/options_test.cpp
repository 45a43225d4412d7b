#include "dummy/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace threadrunner::dummy {
namespace {

using ::testing::HasSubstr;

Result<Options> parse(const std::vector<const char*>& arguments) {
    return parse_options(arguments);
}

std::string complaint(const std::vector<const char*>& arguments) {
    const auto options = parse(arguments);
    return options ? "accepted" : options.error().message;
}

TEST(DummyOptions, WithoutAnyItAnswersFastAndWithoutFault) {
    const auto options = parse({});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->slots, 64);
    EXPECT_EQ(options->tokens_per_second, 0);
    EXPECT_EQ(options->crash_at, 0);
    EXPECT_FALSE(options->mute);
}

TEST(DummyOptions, TakeValuesInBothSpellings) {
    const auto options = parse({"--tokens-per-second", "0.5", "--crash-at=3", "--mute",
                                "--deaf-to-cancel=true", "--stderr-lines", "2"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->tokens_per_second, 0.5);
    EXPECT_EQ(options->crash_at, 3);
    EXPECT_TRUE(options->mute);
    EXPECT_TRUE(options->deaf_to_cancel);
    EXPECT_EQ(options->stderr_lines, 2);
}

TEST(DummyOptions, NameTheArgumentThatIsWrong) {
    EXPECT_THAT(complaint({"--crash"}), HasSubstr("'--crash'"));
    EXPECT_THAT(complaint({"crash-at=3"}), HasSubstr("'crash-at=3'"));
    EXPECT_THAT(complaint({"--crash-at"}), HasSubstr("lacks its value"));
    EXPECT_THAT(complaint({"--crash-at", "x"}), HasSubstr("'x'"));
    EXPECT_THAT(complaint({"--crash-at=-1"}), HasSubstr("at least 0"));
    EXPECT_THAT(complaint({"--slots=0"}), HasSubstr("at least 1"));
    EXPECT_THAT(complaint({"--tokens-per-second=nan"}), HasSubstr("'nan'"));
    EXPECT_THAT(complaint({"--mute=perhaps"}), HasSubstr("'perhaps'"));
}

TEST(DummyOptions, AreAllInTheHelp) {
    for (const char* name :
         {"slots", "tokens-per-second", "load-ms", "prompt-ms", "fail-at", "crash-at", "freeze-at",
          "garbage-at", "mute", "deaf-to-cancel", "stderr-lines"}) {
        EXPECT_THAT(options_help(), HasSubstr(std::string("--") + name));
    }
}

}  // namespace
}  // namespace threadrunner::dummy
