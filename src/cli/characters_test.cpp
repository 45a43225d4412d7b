#include "cli/characters.h"

#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

TEST(Characters, AreCountedAndNotTheirBytes) {
    EXPECT_EQ(characters(""), 0U);
    EXPECT_EQ(characters("größe"), 5U);
    EXPECT_EQ(characters("日本"), 2U);
}

TEST(Characters, ATextIsCutBetweenThem) {
    EXPECT_EQ(shortened("größe", 5, true), "größe");
    EXPECT_EQ(shortened("größe", 4, true), "grö…");
    EXPECT_EQ(shortened("größe", 4, false), "g...");
    EXPECT_EQ(shortened("日本語", 2, true), "日…");
}

TEST(Characters, HoweverLittleRoomThereIs) {
    EXPECT_EQ(shortened("hello", 2, false), "..");
    EXPECT_EQ(shortened("hello", 1, true), "…");
    EXPECT_EQ(shortened("hello", 0, true), "");
}

}  // namespace
}  // namespace threadrunner::cli
