#include "base/random_secret.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace threadrunner {
namespace {

TEST(RandomSecret, IsNeverTheSame) {
    const auto one = random_secret(16);
    const auto other = random_secret(16);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->size(), 32U);
    EXPECT_TRUE(is_hex(*one));
    EXPECT_NE(*one, *other);
}

}  // namespace
}  // namespace threadrunner
