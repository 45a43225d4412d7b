#include "cli/chat/slash_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;

SlashCommand command_of(std::string_view turn) {
    const auto read = read_slash_command(turn);
    EXPECT_TRUE(read && *read) << turn;
    return read && *read ? **read : SlashCommand{};
}

std::string fault_of(std::string_view turn) {
    const auto read = read_slash_command(turn);
    EXPECT_FALSE(read) << turn;
    return read ? "" : read.error().message;
}

TEST(SlashCommand, IsReadWithWhatFollows) {
    for (const SlashSpec& spec : slash_table()) {
        const bool alone = spec.value.empty();
        const SlashCommand read = command_of(std::string(spec.name) + (alone ? " " : "  a  b\n"));
        EXPECT_EQ(read.slash, spec.slash);
        EXPECT_EQ(read.value, alone ? "" : "a  b");
    }
    EXPECT_EQ(command_of("/system Be\nbrief.").value, "Be\nbrief.");
    EXPECT_EQ(command_of("/model").value, "");
}

TEST(SlashCommand, TextIsNone) {
    for (const char* text : {"", "Hello", " /help", "//help", "a/b"}) {
        const auto read = read_slash_command(text);
        EXPECT_TRUE(read && !*read) << text;
    }
}

TEST(SlashCommand, ASlipIsNotSentToTheModelButSuggestsWhatWasMeant) {
    EXPECT_THAT(fault_of("/modle gemma"), HasSubstr("did you mean /model?"));
    EXPECT_THAT(fault_of("/etc/passwd"), HasSubstr("begins with two"));
    EXPECT_THAT(fault_of("/clear all"), HasSubstr("takes nothing"));
    EXPECT_THAT(fault_of("/save"), HasSubstr("/save FILE"));
}

}  // namespace
}  // namespace threadrunner::cli
