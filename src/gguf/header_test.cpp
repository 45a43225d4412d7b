#include "gguf/header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/limits.h"
#include "gguf/builder.h"
#include "gguf/memory_source.h"

namespace threadrunner::gguf {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Result<Header> read(std::string_view bytes) {
    MemorySource source(bytes);
    return read_header(source);
}

/// The message of the fault that must be found.
std::string fault_of(std::string_view bytes) {
    const auto header = read(bytes);
    if (header) {
        return "no fault";
    }
    EXPECT_EQ(header.error().code, ErrorCode::model_load_failed);
    return header.error().message;
}

/// Counts how often it is asked and how much it hands out.
class CountingSource : public Source {
public:
    explicit CountingSource(std::string_view bytes) : memory_(bytes) {}
    [[nodiscard]] std::uint64_t size() const override { return memory_.size(); }
    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
        ++reads;
        return memory_.read(offset, out);
    }
    int reads = 0;

private:
    MemorySource memory_;
};

/// Announces more bytes than it has: a file that shrinks while it is read.
class ShrinkingSource : public Source {
public:
    explicit ShrinkingSource(std::string_view bytes) : memory_(bytes) {}
    [[nodiscard]] std::uint64_t size() const override { return memory_.size() + 1'000'000; }
    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
        return memory_.read(offset, out);
    }

private:
    MemorySource memory_;
};

class BrokenSource : public Source {
public:
    [[nodiscard]] std::uint64_t size() const override { return 1'000; }
    [[nodiscard]] Result<std::size_t> read(std::uint64_t, std::span<char>) override {
        return fail(ErrorCode::model_load_failed, "cannot be read: the disk is on fire");
    }
};

TEST(Header, KnowsVersionMetadataAndTensors) {
    const auto header = read(small_model().file(small_model_data_bytes));
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->version, 3U);
    EXPECT_EQ(header->metadata.text("general.name"), "Small");
    EXPECT_EQ(header->metadata.integer("llama.context_length"), 4096U);
    EXPECT_EQ(header->metadata.array("tokenizer.ggml.tokens")->count, 300U);
    EXPECT_EQ(header->tensors.count, 2U);
    EXPECT_EQ(header->tensors.elements, 16U);
    EXPECT_EQ(header->tensors.bytes, 64U);
    EXPECT_EQ(header->tensors.main_type, "F32");
}

TEST(Header, FindsTheEndOfTheFileFromAlignmentOffsetsAndTypes) {
    const Builder small = small_model();
    EXPECT_EQ(read(small.header())->file_bytes_min, small.file(small_model_data_bytes).size());

    Builder quantised = Builder().u32("general.alignment", 64);
    quantised.tensor("a", {256, 3}, 12, 64);  // 3 blocks of Q4_K
    EXPECT_EQ(read(quantised.header())->file_bytes_min, quantised.file(64 + 3 * 144, 64).size());
}

TEST(Header, ReadsVersion2LikeVersion3) {
    const auto header = read(Builder(2).text("general.architecture", "llama").header());
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->version, 2U);
}

TEST(Header, TakesEveryTypeOfValue) {
    Builder all;
    all.entry("i8", 1, Builder::bytes(std::int8_t{-3})).u16("u16", 65535).i32("i32", -1);
    all.entry("u8", 0, Builder::bytes(std::uint8_t{255})).entry("f32", 6, std::string(4, '\0'));
    all.entry("i16", 3, Builder::bytes(std::int16_t{300})).flag("bool", true).text("text", "x");
    all.entry("u64", 10, Builder::bytes(~std::uint64_t{0})).entry("f64", 12, std::string(8, '\0'));
    all.entry("i64", 11, Builder::bytes(std::int64_t{5})).u32("u32", 7);
    const auto header = read(all.header());
    ASSERT_TRUE(header) << header.error().message;
    const Metadata& metadata = header->metadata;
    EXPECT_EQ(metadata.integer("u8"), 255U);
    EXPECT_EQ(metadata.integer("u16"), 65535U);
    EXPECT_EQ(metadata.integer("i16"), 300U);
    EXPECT_EQ(metadata.integer("u32"), 7U);
    EXPECT_EQ(metadata.integer("u64"), ~std::uint64_t{0});
    EXPECT_EQ(metadata.integer("i64"), 5U);
    EXPECT_EQ(metadata.integer("i8"), std::nullopt) << "negative, no count of anything";
    EXPECT_EQ(metadata.integer("text"), std::nullopt);
    EXPECT_EQ(metadata.text("u32"), std::nullopt);
    EXPECT_EQ(metadata.flag("bool"), true);
    EXPECT_TRUE(metadata.has("f32") && metadata.has("f64") && metadata.has("i32"));
}

TEST(Header, NamesThatAreNotUtf8CanBeShown) {
    const auto header = read(Builder().text("general.name", "caf\xE9").header());
    EXPECT_EQ(header->metadata.text("general.name"), "caf\xEF\xBF\xBD");
}

TEST(Header, SaysWhatItIsInsteadOfAGgufFile) {
    EXPECT_EQ(fault_of(""), "is empty; download it again");
    EXPECT_THAT(fault_of("PK\x03\x04zip"), HasSubstr("is not a GGUF file: it is a ZIP archive"));
    EXPECT_THAT(fault_of("GG"), HasSubstr("is cut off inside its header"));
}

TEST(Header, NamesAnUnsupportedVersionAndByteOrder) {
    EXPECT_THAT(fault_of(Builder(1).header()),
                HasSubstr("GGUF version 1, which is no longer read"));
    EXPECT_THAT(fault_of(Builder(4).header()),
                HasSubstr("GGUF version 4, this ThreadRunner reads"));
    EXPECT_THAT(fault_of(Builder(0x03000000).header()),
                HasSubstr("big-endian GGUF file (version 3)"));
}

TEST(Header, TellsCutOffFromDamagedAtEveryByte) {
    const std::string whole = small_model().header();
    for (std::size_t length = 1; length < whole.size(); ++length) {
        ASSERT_THAT(fault_of(std::string_view(whole).substr(0, length)), HasSubstr("is cut off"))
            << length << " of " << whole.size() << " bytes";
    }
}

TEST(Header, ImplausibleCountsCostNoMemory) {
    EXPECT_THAT(fault_of(Builder().announce_entries(1ULL << 60).header()),
                HasSubstr("announces 1152921504606846976 metadata entries"));
    EXPECT_THAT(fault_of(Builder().announce_tensors(1ULL << 60).header()),
                HasSubstr("announces 1152921504606846976 tensors"));
    EXPECT_THAT(fault_of(Builder().announce_tensors(900'000).header()), HasSubstr("is cut off"));
    EXPECT_THAT(fault_of(Builder().entry("a", 9, Builder::list_start(8, 1ULL << 61)).header()),
                HasSubstr("values in a list"));
    EXPECT_THAT(fault_of(Builder().entry("a", 9, Builder::list_start(4, 90'000'000)).header()),
                HasSubstr("is cut off"));
    EXPECT_THAT(fault_of(Builder().entry("a", 8, Builder::bytes(1ULL << 62)).header()),
                HasSubstr("a text of 4611686018427387904 bytes"));
}

TEST(Header, RefusesWhatCannotBeMeant) {
    EXPECT_THAT(fault_of(Builder().u32("a", 1).u32("a", 2).header()), HasSubstr("same key twice"));
    EXPECT_THAT(fault_of(Builder().u32("", 1).header()), HasSubstr("a key of no length"));
    EXPECT_THAT(fault_of(Builder().u32(std::string(70'000, 'k'), 1).header()),
                HasSubstr("a key of endless length"));
    EXPECT_THAT(fault_of(Builder().entry("a", 13, "1234").header()), HasSubstr("type 13"));
    EXPECT_THAT(fault_of(Builder().entry("a", 9, Builder::list_start(9, 1)).header()),
                HasSubstr("an array of type 9"));
    EXPECT_THAT(fault_of(Builder().u32("general.alignment", 48).header()),
                HasSubstr("an alignment of 48 bytes"));
    EXPECT_THAT(fault_of(Builder().tensor("t", {1, 1, 1, 1, 1}, 0, 0).header()),
                HasSubstr("a tensor of 5 dimensions"));
    EXPECT_THAT(fault_of(Builder().tensor("t", {100}, 12, 0).header()),
                AllOf(HasSubstr("rows of 100 elements"), HasSubstr("Q4_K")));
}

TEST(Header, ASizeThatOverflowsIsNoSmallSize) {
    EXPECT_THAT(fault_of(Builder().tensor("t", {1ULL << 40, 1ULL << 40}, 0, 0).header()),
                HasSubstr("'t' beyond any size"));
    EXPECT_THAT(fault_of(Builder().tensor("t", {4}, 0, ~std::uint64_t{7}).header()),
                HasSubstr("'t' beyond any size"));
    EXPECT_THAT(fault_of(Builder().tensor("t", {1ULL << 62}, 0, 0).header()),
                HasSubstr("'t' beyond any size"));
}

TEST(Header, ATypeOfANewerGgmlIsLeftToTheEngine) {
    const Builder newer = Builder().tensor("new", {1ULL << 50}, 777, 0).tensor("old", {8}, 0, 0);
    const auto header = read(newer.header());
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->tensors.count, 2U);
    EXPECT_EQ(header->file_bytes_min, newer.file(32).size());
}

TEST(Header, MoreMetadataThanAnyModelHasIsNotKept) {
    Builder builder;
    const std::string long_key(60'000, 'k');
    for (int i = 0; i < 100; ++i) {
        builder.u32(long_key + std::to_string(i), 1);
    }
    EXPECT_THAT(fault_of(builder.header()), HasSubstr("more metadata than any model has"));
}

TEST(Header, ALongTextIsCutNotRefused) {
    const auto header = read(Builder().text("t", std::string(300'000, 'x')).u32("n", 1).header());
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->metadata.text("t")->size(), limits::gguf_text_kept_bytes_max);
    EXPECT_EQ(header->metadata.integer("n"), 1U);
}

TEST(Header, AVocabularyIsSkippedInFewReadsAndNotKept) {
    const std::string bytes = Builder().text_list("tokenizer.ggml.tokens", 262'144).header();
    CountingSource source(bytes);
    const auto header = read_header(source);
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->metadata.array("tokenizer.ggml.tokens")->count, 262'144U);
    EXPECT_TRUE(header->metadata.array("tokenizer.ggml.tokens")->integers.empty());
    EXPECT_LT(source.reads, 60);
}

TEST(Header, AFileThatShrinksWhileItIsReadIsAFault) {
    const std::string bytes = small_model().header();
    ShrinkingSource source(std::string_view(bytes).substr(0, 100));
    const auto header = read_header(source);
    ASSERT_FALSE(header);
    EXPECT_THAT(header.error().message, HasSubstr("became shorter while it was read"));
}

TEST(Header, AFailingDiskIsNamed) {
    BrokenSource source;
    const auto header = read_header(source);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().message, "cannot be read: the disk is on fire");
}

RC_GTEST_PROP(Header, AnyDamageGivesAHeaderOrAnError, ()) {
    std::string bytes = small_model().header();
    const auto changes = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
        rc::gen::pair(rc::gen::inRange<std::size_t>(0, bytes.size()), rc::gen::arbitrary<char>()));
    for (const auto& [at, value] : changes) {
        bytes[at] = value;
    }
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    const auto header = read(bytes);
    if (header) {
        RC_ASSERT(header->file_bytes_min > 0U);
    } else {
        RC_ASSERT(!header.error().message.empty());
    }
}

}  // namespace
}  // namespace threadrunner::gguf
