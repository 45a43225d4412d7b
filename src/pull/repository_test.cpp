#include "pull/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::pull {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<ListedFile> files(const std::vector<std::string>& paths) {
    std::vector<ListedFile> out;
    for (const std::string& path : paths) {
        out.push_back({.path = path, .bytes = 1024});
    }
    return out;
}

std::vector<std::string> chosen(const std::vector<std::string>& paths, const std::string& wanted) {
    const auto found = choose_files(files(paths), wanted, "o/n");
    if (!found) {
        return {found.error().message};
    }
    std::vector<std::string> out;
    for (const ListedFile& file : *found) {
        out.push_back(file.path);
    }
    return out;
}

TEST(Repository, ItsRoutesAreThoseOfTheHub) {
    const Order order{.endpoint = "https://hub", .repository = "o/n"};
    EXPECT_EQ(listing_url(order), "https://hub/api/models/o/n/tree/main?recursive=true");
    EXPECT_EQ(file_url(order, "a b/c#1.gguf"), "https://hub/o/n/resolve/main/a%20b/c%231.gguf");
}

TEST(Repository, AListingTellsSizesAndSums) {
    const std::string sum(64, 'a');
    const auto listing = read_listing(
        R"([{"type":"directory","path":"d","size":0},{"type":"file","path":"README.md","size":5},)"
        R"({"type":"file","path":"m.gguf","size":1,"lfs":{"oid":")" +
        sum + R"(","size":9}}])");
    ASSERT_TRUE(listing) << listing.error().message;
    ASSERT_EQ(listing->size(), 2U);
    EXPECT_EQ((*listing)[0].sha256, "");
    EXPECT_EQ((*listing)[1].bytes, 9U);
    EXPECT_EQ((*listing)[1].sha256, sum);
    for (const char* wrong : {"", "{}", "<html>", R"([{"type":"file"}])"}) {
        EXPECT_FALSE(read_listing(wrong)) << wrong;
    }
}

TEST(Repository, TheOnlyModelOrItsUsualQuantisationIsMeant) {
    EXPECT_THAT(chosen({"README.md", "m.gguf", "mmproj-m.gguf"}, ""), ElementsAre("m.gguf"));
    EXPECT_THAT(chosen({"m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-Q4_K_S.gguf"}, ""),
                ElementsAre("m-Q4_K_M.gguf"));
    EXPECT_THAT(chosen({"m-Q8_0.gguf", "m-Q2_K.gguf"}, "").front(),
                AllOf(HasSubstr("several models"), HasSubstr("m-Q8_0 (1.0 KiB)"),
                      HasSubstr("hf:o/n:NAME")));
    EXPECT_THAT(chosen({"model.safetensors"}, "").front(), HasSubstr("has no GGUF files"));
}

TEST(Repository, AQuantisationAFileOrAPathIsEnough) {
    const std::vector<std::string> paths = {"m-Q8_0.gguf", "m-Q4_K_M.gguf", "sub/x-F16.gguf"};
    EXPECT_THAT(chosen(paths, "q8_0"), ElementsAre("m-Q8_0.gguf"));
    EXPECT_THAT(chosen(paths, "m-Q8_0.gguf"), ElementsAre("m-Q8_0.gguf"));
    EXPECT_THAT(chosen(paths, "m-Q8_0"), ElementsAre("m-Q8_0.gguf"));
    EXPECT_THAT(chosen(paths, "sub/x-F16.gguf"), ElementsAre("sub/x-F16.gguf"));
    EXPECT_THAT(chosen(paths, "x-F16.gguf"), ElementsAre("sub/x-F16.gguf"));
    EXPECT_THAT(chosen(paths, "Q4").front(),
                AllOf(HasSubstr("none of o/n is called Q4"), HasSubstr("m-Q8_0 (1.0 KiB)")));
    EXPECT_THAT(chosen({"a-Q8_0.gguf", "b-Q8_0.gguf"}, "Q8_0").front(),
                AllOf(HasSubstr("several of o/n"), Not(HasSubstr("README"))));
}

TEST(Repository, TheFilesOfASplitModelComeTogetherAndInOrder) {
    EXPECT_THAT(chosen({"m-00002-of-00002.gguf", "m-00001-of-00002.gguf"}, ""),
                ElementsAre("m-00001-of-00002.gguf", "m-00002-of-00002.gguf"));
    EXPECT_THAT(
        chosen({"q/m-Q8_0-00001-of-00002.gguf", "q/m-Q8_0-00002-of-00002.gguf", "m-Q2_K.gguf"},
               "Q8_0"),
        ElementsAre("q/m-Q8_0-00001-of-00002.gguf", "q/m-Q8_0-00002-of-00002.gguf"));
}

}  // namespace
}  // namespace threadrunner::pull
