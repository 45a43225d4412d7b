#include "kinds/dummy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "kinds/installed_program.h"

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const DummyKind kind;

Result<Target> resolve(const std::string& model) {
    JobSpec spec;
    spec.model = model;
    return kind.resolve(spec);
}

std::string fault_of(const std::string& model) {
    const auto target = resolve(model);
    if (target) {
        return "no fault";
    }
    EXPECT_EQ(target.error().code, ErrorCode::unknown_model);
    return target.error().message;
}

Result<LaunchPlan> plan(const std::string& model) {
    const InstalledProgram program("threadrunner-dummy");
    return kind.plan(Target{.kind = "dummy", .name = model, .profile = {}});
}

TEST(DummyKind, EachCombinationOfOptionsIsAWorkerOfItsOwn) {
    EXPECT_EQ(resolve("")->label(), "dummy");
    EXPECT_NE(*resolve("slots=1"), *resolve("slots=2"));
    EXPECT_EQ(*resolve("slots=1"), *resolve("slots=1"));
}

TEST(DummyKind, AnswersAlsoWhereTheEnvironmentHasChosenAModel) {
    EXPECT_EQ(*resolve("/models/gemma.gguf"), *resolve(""));
    EXPECT_EQ(*resolve("gemma.gguf"), *resolve(""));
}

TEST(DummyKind, AnOptionThatIsNotThereIsRefusedWithTheNearest) {
    EXPECT_THAT(fault_of("token_per_second=5"),
                HasSubstr("has no 'token_per_second', did you mean 'tokens_per_second'?"));
    EXPECT_THAT(fault_of("gemma"), testing::EndsWith("it has no 'gemma'"));
    EXPECT_THAT(fault_of("slots=1,,mute"), HasSubstr("has no ''"));
}

TEST(DummyKind, AValueThatIsNoNumberIsRefused) {
    for (const char* value : {"x", "-1", "1e10", "nan", "inf", "1 ", "1=2"}) {
        EXPECT_THAT(fault_of(std::string("slots=") + value),
                    HasSubstr("option slots takes a number from 0 to 1e9, not '"))
            << value;
    }
}

TEST(DummyKind, ItsOptionsBecomeArguments) {
    const auto plain = plan("");
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_THAT(plain->command.arguments, IsEmpty());
    EXPECT_FALSE(plain->load) << "it is ready when it greets";
    EXPECT_GT(total_bytes(plain->memory), 0U);
    const auto full = plan("tokens_per_second=50,mute,load_ms=10");
    ASSERT_TRUE(full) << full.error().message;
    EXPECT_THAT(full->command.arguments,
                ElementsAre("--tokens-per-second=50", "--mute=1", "--load-ms=10"));
    EXPECT_EQ(full->load, wire::Json::object());
}

TEST(DummyKind, TheMemoryItClaimsIsForTheDaemonAlone) {
    const auto claimed = plan("memory_mib=3,slots=1");
    ASSERT_TRUE(claimed) << claimed.error().message;
    EXPECT_EQ(total_bytes(claimed->memory), 3 * limits::mib);
    EXPECT_THAT(claimed->command.arguments, ElementsAre("--slots=1"));
}

TEST(DummyKind, TheSmallestNumberThereIsDoesNotEndTheDaemon) {
    const auto tiny = plan("memory_mib=4.9e-324");
    ASSERT_TRUE(tiny) << tiny.error().message;
    EXPECT_EQ(total_bytes(tiny->memory), 0U);
}

TEST(DummyKind, WithoutItsProgramItSaysWhereItLooked) {
    const auto target = Target{.kind = "dummy", .name = {}, .profile = {}};
    const auto missing = kind.plan(target);
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("threadrunner-dummy is not installed"));
}

}  // namespace
}  // namespace threadrunner
