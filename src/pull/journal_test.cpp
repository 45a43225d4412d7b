#include "pull/journal.h"

#include <gtest/gtest.h>

#include "base/scratch_directory.h"

namespace threadrunner::pull {
namespace {

TEST(Journal, IsReadBackAsItWasWritten) {
    const ScratchDirectory directory;
    const auto file = directory / "m.gguf.json";
    const Journal journal{.url = "https://h/m.gguf",
                          .validator = "\"abc\"",
                          .total = std::uint64_t{1} << 40,
                          .done = 7,
                          .sha256 = "00ff"};
    EXPECT_EQ(read_journal(file), std::nullopt);
    ASSERT_TRUE(write_journal(file, journal));
    EXPECT_EQ(read_journal(file), journal);
    ASSERT_TRUE(write_journal(file, {.url = "u"}));
    EXPECT_EQ(read_journal(file), Journal{.url = "u"});
}

TEST(Journal, OneThatMakesNoSenseIsNone) {
    const ScratchDirectory directory;
    for (const char* text : {"", "{", "[]", "{}", R"({"url":1})", R"({"url":"u","done":-1})",
                             R"({"url":"u","total":"many"})"}) {
        EXPECT_EQ(read_journal(directory.write("m.json", text)), std::nullopt) << text;
    }
}

TEST(Journal, WhereItCannotBeWrittenItIsAnError) {
    EXPECT_FALSE(write_journal("/proc/none/m.json", {.url = "u"}));
}

}  // namespace
}  // namespace threadrunner::pull
