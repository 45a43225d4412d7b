#include "base/toml_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::HasSubstr;

constexpr std::string_view models = R"(# mine
[gemma]  # small
aliases = ["g"]
context = 4096

# the other
["llama-3.1 8b"]
path = "/data/l.gguf"  # elsewhere

[last]
)";

TEST(TomlEdit, TablesWithOddNamesAreFoundAndMade) {
    EXPECT_THAT(with_value(models, {.table = "llama-3.1 8b", .name = "context"}, "512").value(),
                HasSubstr("path = \"/data/l.gguf\"  # elsewhere\ncontext = 512\n\n[last]\n"));
    EXPECT_EQ(with_value("", {.table = "a.b", .name = "stop"}, R"(["x"])").value(),
              "[\"a.b\"]\nstop = [\"x\"]\n");
    EXPECT_EQ(with_value("[a]\n", {.table = "a", .name = "x"}, "1").value(), "[a]\nx = 1\n");
}

TEST(TomlEdit, ATableGoesWithItsValuesAndNothingElse) {
    EXPECT_EQ(without_table(models, "gemma").value(),
              "# mine\n\n# the other\n[\"llama-3.1 8b\"]\npath = \"/data/l.gguf\"  # elsewhere\n"
              "\n[last]\n");
    EXPECT_THAT(without_table(models, "last").value(), HasSubstr("# elsewhere\n\n"));
    EXPECT_EQ(without_table(models, "nobody").value(), models);
    EXPECT_EQ(without_table("a = { x = 1 }\nb = { y = 2 }\n", "a").value(), "b = { y = 2 }\n");
}

TEST(TomlEdit, ATableInPiecesIsLeftToAPerson) {
    const auto edited = without_table("a.x = 1\nb = 2\na.y = 3\n", "a");
    ASSERT_FALSE(edited);
    EXPECT_EQ(edited.error().code, ErrorCode::not_supported);
    EXPECT_THAT(edited.error().message, HasSubstr("by hand"));
}

TEST(TomlEdit, WhatIsNoTomlIsRefusedWithItsLine) {
    EXPECT_THAT(with_value("[a]\nx = \n", {.table = "a", .name = "y"}, "1").error().message,
                HasSubstr("line 2"));
}

}  // namespace
}  // namespace threadrunner
