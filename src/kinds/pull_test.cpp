#include "kinds/pull.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kinds/installed_program.h"

namespace threadrunner {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PullKindTest : public testing::Test {
protected:
    [[nodiscard]] Result<Target> resolve(const std::string& words, Work work = work::Load{}) const {
        return kind_.resolve({.backend = "pull", .model = words, .work = std::move(work)});
    }
    [[nodiscard]] wire::Json load(const Target& target) const {
        const InstalledProgram program("threadrunner-pull");
        const auto plan = kind_.plan(target);
        EXPECT_TRUE(plan) << plan.error().message;
        return plan ? plan->load.value_or(nullptr) : nullptr;
    }

    Settings settings_;
    Home home_{.root = "/home"};
    PullKind kind_{settings_, home_};
};

TEST_F(PullKindTest, EqualPullsAreOne) {
    const auto target = resolve("https://h/m.gguf name=m");
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_EQ(resolve("https://h/m.gguf name=m"), *target);
    EXPECT_NE(resolve("https://h/m.gguf name=n"), *target);
    EXPECT_NE(resolve("https://h/n.gguf name=m"), *target);
}

TEST_F(PullKindTest, WhatIsSecretReachesTheProgramAndNoTarget) {
    const auto target = resolve("hf:o/n:Q8_0 endpoint=https://hub/ token=s3cret");
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_EQ(target->name, "hf:o/n:Q8_0");
    EXPECT_THAT(target->label(), Not(HasSubstr("s3cret")));
    const wire::Json order = load(*target);
    EXPECT_EQ(order.at("endpoint"), "https://hub");
    EXPECT_EQ(order.at("repository"), "o/n");
    EXPECT_EQ(order.at("file"), "Q8_0");
    EXPECT_EQ(order.at("token"), "s3cret");
    EXPECT_EQ(order.at("folder"), "/home/models");
    const auto signed_url = resolve("https://h/m.gguf?key=s3cret");
    ASSERT_TRUE(signed_url);
    EXPECT_THAT(signed_url->label(), Not(HasSubstr("s3cret")));
    EXPECT_EQ(load(*signed_url).at("url"), "https://h/m.gguf?key=s3cret");
    EXPECT_FALSE(load(*signed_url).contains("token")) << "the token is the hub's";
}

TEST_F(PullKindTest, AHubIsNamedByTheClientOrTheSettings) {
    EXPECT_THAT(resolve("hf:o/n").error().message,
                AllOf(HasSubstr("HF_ENDPOINT"), HasSubstr("pull.endpoint")));
    settings_.pull_endpoint = "https://mine";
    settings_.pull_token = "t";
    EXPECT_EQ(load(resolve("hf:o/n").value()).at("endpoint"), "https://mine");
    EXPECT_EQ(load(resolve("hf:o/n").value()).at("token"), "t");
    EXPECT_EQ(load(resolve("hf:o/n endpoint=https://theirs").value()).at("endpoint"),
              "https://theirs");
}

TEST_F(PullKindTest, WhatMakesNoSenseIsRefusedBeforeAProcessIsStarted) {
    EXPECT_THAT(resolve("gemma").error().message, HasSubstr("does not say where it comes from"));
    EXPECT_THAT(resolve("https://h/m.gguf name=a/b").error().message, HasSubstr("a path"));
    EXPECT_THAT(resolve("https://h/m.gguf sha256=abc").error().message,
                HasSubstr("64 hexadecimal digits"));
    EXPECT_FALSE(resolve(""));
    EXPECT_FALSE(resolve("https://h/m.gguf", work::Generate{.prompt = "Hi"}));
}

}  // namespace
}  // namespace threadrunner
