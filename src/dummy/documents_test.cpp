#include "dummy/documents.h"

#include <gtest/gtest.h>

#include <cmath>

namespace threadrunner::dummy {
namespace {

using wire::Json;

TEST(DummyDocuments, TokensTurnBackIntoTheSameText) {
    for (const char* text : {"", "Hello, how are you?", " two  blanks\n", "Grüße, 世界 🙂"}) {
        const auto tokens = tokenize({{"content", text}});
        ASSERT_TRUE(tokens);
        const auto back = detokenize(*tokens);
        ASSERT_TRUE(back);
        EXPECT_EQ((*back)["content"], text);
    }
}

TEST(DummyDocuments, PiecesStandBesideTheirIds) {
    const auto tokens = tokenize({{"content", "aé"}, {"with_pieces", true}});
    ASSERT_TRUE(tokens);
    EXPECT_EQ((*tokens)["tokens"], Json::parse(R"([{"id":97,"piece":"a"},
        {"id":195,"piece":[195]},{"id":169,"piece":[169]}])"));
}

TEST(DummyDocuments, WhatIsNoByteIsRefused) {
    EXPECT_FALSE(detokenize({{"tokens", {256}}}));
    EXPECT_FALSE(detokenize({{"tokens", {-1}}}));
    EXPECT_FALSE(detokenize({{"tokens", {"a"}}}));
    EXPECT_FALSE(detokenize({{"tokens", 7}}));
    EXPECT_FALSE(tokenize(Json::object()));
}

TEST(DummyDocuments, ATemplateShowsEveryMessage) {
    const Json messages = {{{"role", "user"}, {"content", "Hi"}}};
    EXPECT_EQ((*apply_template({{"messages", messages}}))["prompt"], "user: Hi\n");
    EXPECT_FALSE(apply_template({{"messages", {1}}}));
    EXPECT_FALSE(apply_template(Json::object()));
}

TEST(DummyDocuments, RanksAreThePartOfTheQuerysWords) {
    const auto ranks = rerank({{"query", "a cat"}, {"documents", {"dog", "a cat", "cat"}}});
    ASSERT_TRUE(ranks);
    const Json& results = (*ranks)["results"];
    EXPECT_EQ(results[1], Json::parse(R"({"index":1,"relevance_score":1.0})"));
    EXPECT_LT(results[0]["relevance_score"], results[2]["relevance_score"]);
    EXPECT_FALSE(rerank({{"query", "a cat"}}));
}

TEST(DummyDocuments, EmbeddingsDependOnTheTextAndHaveLengthOne) {
    const auto document = embed({{"input", {"a cat", "a cat", "a dog", ""}}});
    ASSERT_TRUE(document);
    const Json& data = (*document)["data"];
    ASSERT_EQ(data.size(), 4U);
    EXPECT_EQ(data[0]["embedding"], data[1]["embedding"]);
    EXPECT_NE(data[0]["embedding"], data[2]["embedding"]);
    for (const Json& row : data) {
        double squares = 0;
        for (const double x : row["embedding"]) {
            squares += x * x;
        }
        EXPECT_NEAR(squares, 1, 1e-5);
    }
    EXPECT_EQ(data[3]["index"], 3);
    EXPECT_EQ((*document)["usage"]["prompt_tokens"], 6);
}

TEST(DummyDocuments, ATextAloneIsAListOfOneAndNothingIsRefused) {
    const auto document = embed({{"input", "one"}});
    ASSERT_TRUE(document);
    EXPECT_EQ((*document)["data"].size(), 1U);
    EXPECT_FALSE(embed({{"input", Json::array()}}));
    EXPECT_FALSE(embed({{"input", 7}}));
}

}  // namespace
}  // namespace threadrunner::dummy
