#include "base/sha256.h"

#include <gtest/gtest.h>

namespace threadrunner {
namespace {

TEST(Sha256, IsThatOfTheStandard) {
    // FIPS 180-2, appendix B
    Sha256 hash;
    hash.add("ab");
    hash.add("c");
    EXPECT_EQ(hash.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(Sha256().finish(),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, OnlySixtyFourDigitsAreOne) {
    const std::string sum(64, 'A');
    EXPECT_EQ(sha256_from(sum), std::string(64, 'a'));
    EXPECT_EQ(sha256_from(sum.substr(1)), "");
    EXPECT_EQ(sha256_from(sum.substr(1) + "g"), "");
    EXPECT_EQ(sha256_from(""), "");
}

}  // namespace
}  // namespace threadrunner
