#include "base/wall_time.h"

#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using namespace std::chrono_literals;

TEST(WallTime, IsWrittenInUtcWithItsMicroseconds) {
    EXPECT_EQ(rfc3339(wall_time(951'827'696) + 5us), "2000-02-29T12:34:56.000005Z");
    EXPECT_EQ(rfc3339(wall_time(0) - 1ms), "1969-12-31T23:59:59.999000Z");
}

}  // namespace
}  // namespace threadrunner
