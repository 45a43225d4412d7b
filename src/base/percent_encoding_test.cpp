#include "base/percent_encoding.h"

#include <gtest/gtest.h>

namespace threadrunner {
namespace {

TEST(PercentDecoding, WhatIsNoEncodingStaysAsItIs) {
    EXPECT_EQ(percent_decoded("a%20b%2Fc"), "a b/c");
    EXPECT_EQ(percent_decoded("100%"), "100%");
    EXPECT_EQ(percent_decoded("%g1%+1%-1%2"), "%g1%+1%-1%2");
}

TEST(PercentEncoding, KeepsWhatMayStandInAPath) {
    EXPECT_EQ(percent_encoded("owner/a model-1.0_~.gguf"), "owner/a%20model-1.0_~.gguf");
    EXPECT_EQ(percent_encoded("100%?#\xC3\xA4"), "100%25%3F%23%C3%A4");
    EXPECT_EQ(percent_decoded(percent_encoded("a/\x01\xFF%")), "a/\x01\xFF%");
}

}  // namespace
}  // namespace threadrunner
