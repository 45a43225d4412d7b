#include "cli/table.h"

#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

TEST(Table, ColumnsStandUnderEachOtherWhateverTheLanguage) {
    EXPECT_EQ(format_table({{"NAME", "SIZE"}, {"größe", "1"}, {"x", "22"}}),
              "NAME   SIZE\ngröße  1\nx      22\n");
}

TEST(Table, ANoteBetweenRowsTakesNoColumn) {
    EXPECT_EQ(format_table({{"NAME", "SIZE"}, {"  it cannot be used"}, {"x", "22"}}),
              "NAME  SIZE\n  it cannot be used\nx     22\n");
}

TEST(Table, ANameCannotBreakTheTableOrCommandTheTerminal) {
    EXPECT_EQ(format_table({{"a\nb\x1b[2J"}}), "a b␛[2J\n");
}

}  // namespace
}  // namespace threadrunner::cli
