#include "sandbox/runtime.h"

#include <gtest/gtest.h>

namespace threadrunner::sandbox {
namespace {

TEST(Runtime, AMessageOfManyLinesBecomesOne) {
    EXPECT_EQ(one_line("failed:\n    because\n\n  and so\n"), "failed: because; and so");
    EXPECT_EQ(one_line("plain"), "plain");
    EXPECT_EQ(one_line(""), "");
    EXPECT_EQ(one_line("a\xff"), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace threadrunner::sandbox
