#include "gguf/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/builder.h"
#include "gguf/memory_source.h"

namespace threadrunner::gguf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<ModelFacts> facts_of(const Builder& builder) {
    const std::string bytes = builder.header();
    MemorySource source(bytes);
    const auto header = read_header(source);
    if (!header) {
        return std::unexpected(header.error());
    }
    return read_facts(*header);
}

Builder named(std::string_view architecture) {
    return Builder().text("general.architecture", architecture);
}

std::string fault_of(const Builder& builder) {
    const auto facts = facts_of(builder);
    return facts ? "no fault" : facts.error().message;
}

TEST(Facts, TellWhatAUserAsksOfAModel) {
    const auto facts = facts_of(small_model());
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->architecture, "llama");
    EXPECT_EQ(facts->name, "Small");
    EXPECT_EQ(facts->quantization, "Q4_K_M");
    EXPECT_EQ(facts->parameters, 16U);
    EXPECT_EQ(facts->weights_bytes, 64U);
    EXPECT_EQ(facts->context_length, 4096U);
    EXPECT_EQ(facts->embedding_length, 64U);
    EXPECT_EQ(facts->feed_forward_length, 128U);
    EXPECT_EQ(facts->block_count, 2U);
    EXPECT_EQ(facts->vocabulary_size, 300U);
    EXPECT_TRUE(facts->has_chat_template);
    EXPECT_TRUE(facts->causal);
    EXPECT_EQ(facts->pooling, std::nullopt);
}

TEST(Facts, HeadsComeOnceOrALayer) {
    const auto once = facts_of(small_model());
    EXPECT_THAT(once->heads, ElementsAre(8, 8));
    EXPECT_THAT(once->kv_heads, ElementsAre(2, 2));
    EXPECT_EQ(once->key_length, 8U) << "the embedding shared out among the heads";

    const auto listed = facts_of(named("hybrid")
                                     .u32("hybrid.block_count", 3)
                                     .u32("hybrid.attention.head_count", 8)
                                     .u32_list("hybrid.attention.head_count_kv", {0, 4, 0}));
    EXPECT_THAT(listed->kv_heads, ElementsAre(0, 4, 0));
}

TEST(Facts, AShortListOfHeadsNeverMakesAModelSmaller) {
    const auto facts =
        facts_of(named("x").u32("x.block_count", 4).u32_list("x.attention.head_count_kv", {2, 6}));
    EXPECT_THAT(facts->kv_heads, ElementsAre(2, 6, 6, 6));
}

TEST(Facts, TheLargerOfFullAndSlidingKeysCounts) {
    const auto facts = facts_of(named("gemma4")
                                    .u32("gemma4.attention.sliding_window", 512)
                                    .u32("gemma4.attention.key_length", 512)
                                    .u32("gemma4.attention.value_length", 128)
                                    .u32("gemma4.attention.key_length_swa", 256)
                                    .u32("gemma4.attention.value_length_swa", 256));
    EXPECT_EQ(facts->sliding_window, 512U);
    EXPECT_EQ(facts->key_length, 512U);
    EXPECT_EQ(facts->value_length, 256U);
}

TEST(Facts, AnEncoderIsNoTextGenerator) {
    const auto facts =
        facts_of(named("bert").flag("bert.attention.causal", false).u32("bert.pooling_type", 2));
    EXPECT_FALSE(facts->causal);
    EXPECT_EQ(facts->pooling, Pooling::cls);
    EXPECT_EQ(facts_of(named("bert").u32("bert.pooling_type", 9))->pooling, std::nullopt);
}

TEST(Facts, TheMainTensorTypeStandsInForAMissingFileType) {
    const auto facts = facts_of(named("x").tensor("a", {8}, 0, 0).tensor("b", {256, 8}, 12, 32));
    EXPECT_EQ(facts->quantization, "Q4_K");
}

TEST(Facts, WhatLiesBesideModelsIsNamedNotStarted) {
    EXPECT_THAT(fault_of(named("llama").text("general.type", "adapter")), HasSubstr("LoRA"));
    EXPECT_THAT(fault_of(named("clip")), HasSubstr("projector"));
    EXPECT_THAT(fault_of(named("llama").text("general.type", "mmproj")), HasSubstr("projector"));
    EXPECT_THAT(fault_of(named("llama").text("general.type", "imatrix")), HasSubstr("importance"));
    EXPECT_THAT(fault_of(Builder().u32("x", 1)), HasSubstr("names no architecture"));
    EXPECT_EQ(fault_of(named("llama").text("general.type", "model")), "no fault");
}

TEST(Facts, LayersThatWouldAbortTheEngineAreRefused) {
    EXPECT_THAT(fault_of(named("x").u32("x.block_count", 4'000'000'000)),
                HasSubstr("claims 4000000000 layers"));
}

TEST(Split, AWholeModelIsTheOnlyPart) {
    const Split split = read_split(Metadata());
    EXPECT_EQ(split.number, 0U);
    EXPECT_EQ(split.count, 1U);
}

TEST(Facts, TellWhatAModelCanBeUsedFor) {
    const auto of = [](const Builder& builder) {
        const auto facts = facts_of(builder);
        return facts ? capabilities(*facts) : std::vector<std::string_view>{"a fault"};
    };
    const auto with_template = [](std::string_view text) {
        return named("llama").text("tokenizer.chat_template", text);
    };
    EXPECT_THAT(of(named("llama")), ElementsAre("complete"));
    EXPECT_THAT(of(with_template("{{ messages }}")), ElementsAre("chat", "complete"));
    EXPECT_THAT(of(with_template("{% if tools %}")), ElementsAre("chat", "complete", "tools"));
    EXPECT_THAT(of(with_template(std::string(100'000, ' ') + "{% if tools %}")),
                ElementsAre("chat", "complete", "tools"));
    EXPECT_THAT(of(named("gemma3").u32("gemma3.vision.block_count", 27)),
                ElementsAre("complete", "vision"));
    EXPECT_THAT(of(named("bert").flag("bert.attention.causal", false).u32("bert.pooling_type", 2)),
                ElementsAre("embed"));
    EXPECT_THAT(of(named("bert").flag("bert.attention.causal", false).u32("bert.pooling_type", 4)),
                ElementsAre("rerank"));
}

}  // namespace
}  // namespace threadrunner::gguf
