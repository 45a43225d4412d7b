#include "cli/answer_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_directory.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;

class AnswerShapeTest : public testing::Test {
protected:
    /// The failure's message, which is one of usage; empty when the shape was taken.
    std::string fault() {
        const auto added = add_answer_shape(request_, options_, input_);
        if (added) {
            return {};
        }
        EXPECT_EQ(added.error().exit_code, ExitCode::usage);
        return added.error().message;
    }
    std::string fault_of_schema(const std::string& text) {
        options_.schema = files_.write("schema.json", text).string();
        return fault();
    }

    ScratchDirectory files_;
    Options options_;
    std::optional<std::string> input_;
    wire::Json request_ = wire::Json::object();
};

TEST_F(AnswerShapeTest, ASchemaGoesOutAsItIsWritten) {
    const std::string schema = R"({"properties": {"why": {}, "answer": {"$ref": "#/$defs/a"}}})";
    EXPECT_EQ(fault_of_schema(schema), "");
    EXPECT_EQ(request_, (wire::Json{{"json_schema", schema}}));
}

TEST_F(AnswerShapeTest, WhatIsNoSchemaIsRefusedByTheNameOfItsFile) {
    EXPECT_THAT(fault_of_schema("{"), HasSubstr("schema.json is not JSON"));
    EXPECT_THAT(fault_of_schema("[]"), HasSubstr("schema.json holds no JSON schema"));
    EXPECT_THAT(fault_of_schema(R"({"anyOf":[{"$ref":"https://example.org/s"}]})"),
                HasSubstr("refers to https://example.org/s; only references within"));
    options_.schema = "/nowhere/schema.json";
    EXPECT_THAT(fault(), HasSubstr("--schema: cannot read /nowhere/schema.json"));
    EXPECT_TRUE(request_.empty());
}

TEST_F(AnswerShapeTest, AGrammarNeedsItsFirstRule) {
    options_.grammar = files_.write("yes.gbnf", "root ::= \"yes\"\n").string();
    EXPECT_EQ(fault(), "");
    EXPECT_EQ(request_, (wire::Json{{"grammar", "root ::= \"yes\"\n"}}));
    options_.grammar = files_.write("no.gbnf", "start ::= \"no\"\n").string();
    EXPECT_THAT(fault(), HasSubstr("no.gbnf holds no grammar with a rule 'root'"));
}

TEST_F(AnswerShapeTest, AnAnswerHasOneShape) {
    options_.schema = options_.grammar = "-";
    EXPECT_THAT(fault(), HasSubstr("either --schema or --grammar"));
}

TEST_F(AnswerShapeTest, StandardInputIsTheSchemaAndNoPromptAnyMore) {
    options_.schema = "-";
    EXPECT_TRUE(shape_takes_input(options_));
    EXPECT_THAT(fault(), HasSubstr("there is none"));
    input_ = "{}";
    EXPECT_EQ(fault(), "");
    EXPECT_EQ(request_["json_schema"], "{}");
    EXPECT_FALSE(input_);
}

}  // namespace
}  // namespace threadrunner::cli
