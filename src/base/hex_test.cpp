#include "base/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace threadrunner {
namespace {

TEST(Hex, EveryByteHasTwoDigits) {
    EXPECT_EQ(hex(std::array<unsigned char, 3>{0x00, 0x0F, 0xA0}), "000fa0");
    EXPECT_EQ(hex(std::span<const unsigned char>()), "");
    EXPECT_EQ(hex(0x9C), "9c");
}

TEST(Hex, OnlyItsDigitsAreOfIt) {
    EXPECT_TRUE(is_hex("09afAF"));
    EXPECT_FALSE(is_hex("0g"));
    EXPECT_FALSE(is_hex("0x1"));
}

}  // namespace
}  // namespace threadrunner
