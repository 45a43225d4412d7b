#include "gguf/tensor_type.h"

#include <gtest/gtest.h>

#include "gguf/file_type.h"

namespace threadrunner::gguf {
namespace {

TEST(TensorType, SizesAreThoseOfGgml) {
    const TensorType* q4_k = find_tensor_type(12);
    ASSERT_NE(q4_k, nullptr);
    EXPECT_EQ(q4_k->name, "Q4_K");
    EXPECT_EQ(q4_k->block_elements, 256U);
    EXPECT_EQ(q4_k->block_bytes, 144U);
    EXPECT_EQ(find_tensor_type(0)->block_bytes, 4U);
    EXPECT_EQ(find_tensor_type(42)->name, "Q2_0");
}

TEST(TensorType, RemovedAndFutureTypesAreUnknown) {
    for (const std::uint32_t id : {4U, 5U, 31U, 38U, 43U, ~0U}) {
        EXPECT_EQ(find_tensor_type(id), nullptr) << id;
    }
}

TEST(FileType, NamesAreThoseThatPeopleDownload) {
    EXPECT_EQ(file_type_name(15), "Q4_K_M");
    EXPECT_EQ(file_type_name(15 | 1024), "Q4_K_M") << "guessed by the tool that wrote it";
    EXPECT_EQ(file_type_name(1), "F16");
    EXPECT_EQ(file_type_name(5), "");
    EXPECT_EQ(file_type_name(~std::uint64_t{0}), "");
}

}  // namespace
}  // namespace threadrunner::gguf
