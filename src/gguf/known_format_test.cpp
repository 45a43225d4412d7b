#include "gguf/known_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::gguf {
namespace {

using std::string_view_literals::operator""sv;
using testing::HasSubstr;

TEST(KnownFormat, ADownloadedWebPageIsNotAnUnknownMagicNumber) {
    EXPECT_THAT(describe_start("<!DOCTYPE html><html>"), HasSubstr("it is a web page"));
    EXPECT_THAT(describe_start("\n\n  <HTML lang=en>"), HasSubstr("it is a web page"));
}

TEST(KnownFormat, AGitLfsPointerNamesTheCommandThatFetchesTheFile) {
    EXPECT_THAT(describe_start("version https://git-lfs.github.com/spec/v1\noid sha256:12"),
                HasSubstr("git lfs pull"));
}

TEST(KnownFormat, WeightsOfOtherProgramsAreNamed) {
    EXPECT_THAT(describe_start("\x10\x20\0\0\0\0\0\0{\"__metadata__\":{}}"sv),
                HasSubstr("safetensors"));
    EXPECT_THAT(describe_start("PK\x03\x04rest"), HasSubstr("ZIP archive or PyTorch"));
    EXPECT_THAT(describe_start("tjgg\x03\0\0\0"sv), HasSubstr("old ggjt format"));
    EXPECT_THAT(describe_start("\x1F\x8B\x08"), HasSubstr("gzip"));
    EXPECT_THAT(describe_start("\xFD"
                               "7zXZ\0"sv),
                HasSubstr("xz archive"));
}

TEST(KnownFormat, ADownloadThatNeverGotItsContentIsNamed) {
    EXPECT_THAT(describe_start(std::string(100, '\0')), HasSubstr("begins with zeros"));
}

TEST(KnownFormat, OtherFilesShowTheirFirstBytes) {
    EXPECT_THAT(describe_start("hello, this is some text"), HasSubstr("'hello, this is s'"));
    EXPECT_THAT(describe_start("\x01\xFFzz"), HasSubstr("01 ff 7a 7a"));
    EXPECT_THAT(describe_start("{\"a\": 1}"), HasSubstr("JSON"));
}

}  // namespace
}  // namespace threadrunner::gguf
