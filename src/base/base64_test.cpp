#include "base/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <utility>

namespace threadrunner {
namespace {

/// RFC 4648, 10.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> of_the_rfc = {{
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
}};

TEST(Base64, IsThatOfTheRfc) {
    for (const auto& [bytes, text] : of_the_rfc) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
}

TEST(Base64, WithoutItsPaddingItIsReadAllTheSame) {
    EXPECT_EQ(from_base64("Zg"), "f");
    EXPECT_EQ(from_base64("Zm8"), "fo");
}

TEST(Base64, WhatIsNoneIsNotTakenForBytes) {
    for (const char* text :
         {"Z", "Zg=", "Z===", "Zm9v=", "Zm 9v", "Zm9v\n", "Zh==", "Zm9-", "===="}) {
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
    }
}

RC_GTEST_PROP(Base64Property, AnyBytesComeBack, (const std::string& bytes)) {
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

}  // namespace
}  // namespace threadrunner
