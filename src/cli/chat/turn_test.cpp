#include "cli/chat/turn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace threadrunner::cli {
namespace {

using testing::ElementsAre;

std::vector<std::string> turns_of(const std::vector<std::string>& lines) {
    TurnAssembler assembler;
    std::vector<std::string> turns;
    for (const std::string& line : lines) {
        if (auto turn = assembler.push(line)) {
            turns.push_back(*std::move(turn));
        }
    }
    if (auto turn = assembler.finish()) {
        turns.push_back("unfinished: " + *turn);
    }
    return turns;
}

TEST(Turn, ALineIsATurn) {
    EXPECT_THAT(turns_of({"Hello", "", " b "}), ElementsAre("Hello", "", " b "));
}

TEST(Turn, ABackslashAtTheEndGoesOn) {
    EXPECT_THAT(turns_of({"one\\", "two\\", "three", "four"}),
                ElementsAre("one\ntwo\nthree", "four"));
    EXPECT_THAT(turns_of({R"(C:\\)", "next"}), ElementsAre(R"(C:\\)", "next"));
    EXPECT_THAT(turns_of({"\\", ""}), ElementsAre("\n"));
}

TEST(Turn, ThreeQuotesHoldLinesTogetherAsTheyAre) {
    EXPECT_THAT(turns_of({"\"\"\"", "int main() {", "", "    \\", "}", "\"\"\"", "next"}),
                ElementsAre("int main() {\n\n    \\\n}", "next"));
    EXPECT_THAT(turns_of({"\"\"\"one", "two\"\"\" "}), ElementsAre("one\ntwo"));
    EXPECT_THAT(turns_of({"\"\"\"one line\"\"\""}), ElementsAre("one line"));
}

TEST(Turn, SaysWhetherASlashIsText) {
    TurnAssembler assembler;
    EXPECT_EQ(assembler.push("\"\"\"/help\"\"\""), "/help");
    EXPECT_TRUE(assembler.quoted());
    EXPECT_EQ(assembler.push("/help"), "/help");
    EXPECT_FALSE(assembler.quoted());
}

TEST(Turn, WhatTheEndOfInputCutsOffIsNotLost) {
    EXPECT_THAT(turns_of({"\"\"\"", "one", "two"}), ElementsAre("unfinished: one\ntwo"));
    EXPECT_THAT(turns_of({"one\\"}), ElementsAre("unfinished: one"));
}

}  // namespace
}  // namespace threadrunner::cli
