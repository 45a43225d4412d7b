#include "gguf/split_name.h"

#include <gtest/gtest.h>

namespace threadrunner::gguf {
namespace {

TEST(SplitName, FindsTheOtherPartsOfAModel) {
    const auto name = parse_split_name("llama-70b-00002-of-00005.gguf");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->prefix, "llama-70b");
    EXPECT_EQ(name->part, 2U);
    EXPECT_EQ(name->count, 5U);
    EXPECT_EQ(name->of_part(1), "llama-70b-00001-of-00005.gguf");
    EXPECT_EQ(name->of_part(2), "llama-70b-00002-of-00005.gguf");
}

TEST(SplitName, OtherNamesAreWholeModels) {
    for (const char* name :
         {"", ".gguf", "model.gguf", "-00001-of-00002.gguf", "a-0001-of-00002.gguf",
          "a-00000-of-00002.gguf", "a-00003-of-00002.gguf", "a-00001-of-00002.bin",
          "a-0x001-of-00002.gguf", "a-+0001-of-00002.gguf", "a_00001-of-00002.gguf",
          "a-00001_of_00002.gguf"}) {
        EXPECT_FALSE(parse_split_name(name)) << name;
    }
}

}  // namespace
}  // namespace threadrunner::gguf
