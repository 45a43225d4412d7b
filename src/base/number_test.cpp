#include "base/number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace threadrunner {
namespace {

TEST(Number, IsTheWholeTextOrNothing) {
    EXPECT_EQ(number_from<int>("42"), 42);
    EXPECT_EQ(number_from<int>("-1"), -1);
    EXPECT_EQ(number_from<double>("0.5"), 0.5);
    for (const char* text : {"", " 42", "42 ", "+42", "4,2", "0x2A", "42a", "4.2"}) {
        EXPECT_EQ(number_from<int>(text), std::nullopt) << text;
    }
}

TEST(Number, ThatDoesNotFitIsNone) {
    EXPECT_EQ(number_from<std::uint16_t>("65535"), 65535);
    EXPECT_EQ(number_from<std::uint16_t>("65536"), std::nullopt);
    EXPECT_EQ(number_from<std::uint64_t>("-1"), std::nullopt);
}

}  // namespace
}  // namespace threadrunner
