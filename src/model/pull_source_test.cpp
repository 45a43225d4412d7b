#include "model/pull_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::model {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string fault(std::string_view text, bool has_sha256 = false) {
    const auto source = parse_pull_source(text, has_sha256);
    EXPECT_FALSE(source) << text;
    return source ? std::string() : source.error().message;
}

TEST(PullSource, AddressesAndRepositoriesAreUnderstood) {
    EXPECT_EQ(parse_pull_source("https://h/a.gguf?x=1", false)->url, "https://h/a.gguf?x=1");
    EXPECT_EQ(parse_pull_source("http://127.0.0.1:80/a.gguf", false)->shown(),
              "http://127.0.0.1:80/a.gguf");
    const auto repository = parse_pull_source("hf:own-er/Na.me_1", false);
    EXPECT_EQ(repository->repository, "own-er/Na.me_1");
    EXPECT_EQ(repository->file, "");
    const auto file = parse_pull_source("hf:o/n:sub/x-Q4_K_M.gguf", false);
    EXPECT_EQ(file->file, "sub/x-Q4_K_M.gguf");
    EXPECT_EQ(file->shown(), "hf:o/n:sub/x-Q4_K_M.gguf");
}

TEST(PullSource, WhatMayBeSecretIsNotShown) {
    EXPECT_EQ(parse_pull_source("https://h/a.gguf?key=s3cret#x", false)->shown(),
              "https://h/a.gguf");
    EXPECT_THAT(fault("https://me:s3cret@h/a.gguf"),
                AllOf(HasSubstr("password"), Not(HasSubstr("s3cret"))));
}

TEST(PullSource, WhatIsNoneSaysWhereModelsComeFrom) {
    EXPECT_THAT(fault("gemma"), AllOf(HasSubstr("does not say where it comes from"),
                                      HasSubstr("hf:OWNER/NAME"), HasSubstr("HF_ENDPOINT")));
    EXPECT_THAT(fault("owner/name"), HasSubstr("threadrunner models add FILE"));
    for (const char* text : {"hf:", "hf:owner", "hf:a/b/c", "hf:../x", "hf:a/b c"}) {
        EXPECT_THAT(fault(text), HasSubstr("names no repository")) << text;
    }
    EXPECT_THAT(fault("https://"), HasSubstr("no address of a file"));
    EXPECT_THAT(fault("https://h/a b"), HasSubstr("no address of a file"));
    EXPECT_THAT(fault("https://h/" + std::string(3000, 'a')), HasSubstr("at most 2048"));
}

TEST(PullSource, PlainHttpIsForThisMachineOrForWhatIsCompared) {
    EXPECT_THAT(fault("http://example.org/a.gguf"), HasSubstr("--sha256"));
    EXPECT_TRUE(parse_pull_source("http://example.org/a.gguf", true));
    EXPECT_FALSE(parse_pull_source("http://127.0.0.1.example.org/a.gguf", false));
    EXPECT_EQ(check_endpoint("http://localhost:8080//"), "http://localhost:8080");
    EXPECT_FALSE(check_endpoint("http://example.org"));
    EXPECT_FALSE(check_endpoint("example.org"));
    EXPECT_EQ(check_endpoint("https://example.org/hub/"), "https://example.org/hub");
}

}  // namespace
}  // namespace threadrunner::model
