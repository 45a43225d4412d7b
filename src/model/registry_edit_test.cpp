#include "model/registry_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/scratch_directory.h"
#include "gguf/builder.h"

namespace threadrunner::model {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class RegistryEditTest : public testing::Test {
protected:
    RegistryEditTest() {
        fs::create_directory(home_ / "models");
        file_ = home_.write("tiny.gguf", sound());
        home_.write("models/gemma.gguf", sound());
    }

    static std::string sound() { return gguf::small_model().file(gguf::small_model_data_bytes); }
    [[nodiscard]] Registry registry() const { return Registry(Home{.root = home_ / ""}); }
    [[nodiscard]] std::string text() const {
        return read_registry_text(home_ / "models.toml").value();
    }
    template <class T>
    static std::string fault(const Result<T>& result, ErrorCode code) {
        EXPECT_FALSE(result);
        EXPECT_EQ(result ? ErrorCode::internal : result.error().code, code);
        return result ? "" : result.error().message;
    }

    ScratchDirectory home_;
    fs::path file_;
};

TEST_F(RegistryEditTest, AFileIsTakenInWhereItLies) {
    EXPECT_EQ(add_in_place(registry(), file_, ""), "tiny");
    EXPECT_EQ(add_in_place(registry(), file_, "other"), "other");
    EXPECT_EQ(add_in_place(registry(), file_, ""), "tiny") << "again is no fault";
    EXPECT_EQ(text(), "[tiny]\npath = \"" + file_.string() + "\"\n\n[other]\npath = \"" +
                          file_.string() + "\"\n");
    EXPECT_THAT(fault(add_in_place(registry(), file_, "gemma"), ErrorCode::conflict),
                HasSubstr("choose another with --name"));
    EXPECT_THAT(fault(add_in_place(registry(), file_, "a/b"), ErrorCode::invalid_request),
                HasSubstr("taken for a path"));
    EXPECT_THAT(fault(add_in_place(registry(), home_ / "none.gguf", ""), ErrorCode::unknown_model),
                HasSubstr("none.gguf"));
    EXPECT_THAT(fault(add_in_place(registry(), home_.write("notes.gguf", "hello"), ""),
                      ErrorCode::model_load_failed),
                HasSubstr("notes.gguf"));
    const auto blank = home_.write("two words.gguf", sound());
    EXPECT_THAT(fault(add_in_place(registry(), blank, ""), ErrorCode::invalid_request),
                HasSubstr("choose one with --name"));
    EXPECT_EQ(add_in_place(registry(), blank, "two-words"), "two-words");
}

TEST_F(RegistryEditTest, AliasesAreAddedAndFreed) {
    ASSERT_TRUE(add_alias(registry(), "gemma", "g"));
    ASSERT_TRUE(add_alias(registry(), "g", "h")) << "an alias names its model";
    ASSERT_TRUE(add_alias(registry(), "gemma", "g")) << "again is no fault";
    EXPECT_EQ(text(), "[gemma]\naliases = [\"g\", \"h\"]\n");
    ASSERT_TRUE(add_in_place(registry(), file_, ""));
    EXPECT_THAT(fault(add_alias(registry(), "tiny", "g"), ErrorCode::conflict),
                HasSubstr("is gemma's already; threadrunner rm g frees it"));
    EXPECT_THAT(fault(add_alias(registry(), "tiny", "gemma"), ErrorCode::conflict),
                HasSubstr("gemma's already"));
    EXPECT_THAT(fault(add_alias(registry(), "tini", "t"), ErrorCode::unknown_model),
                HasSubstr("did you mean 'tiny'?"));
    const auto removal = plan_removal(registry(), "g");
    ASSERT_TRUE(removal);
    EXPECT_EQ(removal->what, Removal::What::alias);
    ASSERT_TRUE(remove(registry(), *removal));
    EXPECT_THAT(text(), HasSubstr("aliases = [\"h\"]"));
    EXPECT_TRUE(fs::exists(home_ / "models/gemma.gguf"));
}

TEST_F(RegistryEditTest, DefaultsChangeWithoutTouchingTheRest) {
    home_.write("models.toml", "# mine\n[gemma]  # small\ncontext = 512 # short\n");
    ASSERT_TRUE(change_defaults(
        registry(), "gemma",
        {{"context", {"1024"}}, {"temperature", {"0.5"}}, {"stop", {"###", "a\"b"}}}));
    EXPECT_EQ(text(),
              "# mine\n[gemma]  # small\ncontext = 1024 # short\n"
              "stop = [\"###\", \"a\\\"b\"]\ntemperature = 0.5\n");
    ASSERT_TRUE(change_defaults(registry(), "gemma", {{"context", {}}, {"top_k", {}}}));
    EXPECT_THAT(text(), testing::Not(HasSubstr("context")));
    const std::string before = text();
    EXPECT_THAT(fault(change_defaults(registry(), "gemma", {{"slots", {"0"}}, {"top_k", {"3"}}}),
                      ErrorCode::invalid_request),
                HasSubstr("slots must be"));
    EXPECT_THAT(
        fault(change_defaults(registry(), "gemma", {{"colour", {}}}), ErrorCode::invalid_request),
        HasSubstr("no default 'colour'"));
    EXPECT_EQ(text(), before) << "all or nothing";
}

TEST_F(RegistryEditTest, AModelOfTheFolderIsDeletedWithAllItsPartsAndOneElsewhereForgotten) {
    ASSERT_TRUE(add_in_place(registry(), file_, ""));
    ASSERT_TRUE(add_alias(registry(), "gemma", "g"));
    home_.write("models/big-00001-of-00002.gguf", "ab");
    home_.write("models/big-00002-of-00002.gguf", "cd");
    const auto gemma = plan_removal(registry(), "gemma");
    const auto tiny = plan_removal(registry(), "tiny");
    const auto big = plan_removal(registry(), "big");
    ASSERT_TRUE(gemma && tiny && big);
    EXPECT_EQ(tiny->what, Removal::What::entry);
    EXPECT_EQ(big->files.size(), 2U);
    EXPECT_EQ(big->bytes, 4U);
    for (const auto& removal : {*gemma, *tiny, *big}) {
        ASSERT_TRUE(remove(registry(), removal));
    }
    EXPECT_EQ(text(), "\n") << "only what was between the tables is left";
    EXPECT_TRUE(fs::is_empty(home_ / "models"));
    EXPECT_TRUE(fs::exists(file_));
    EXPECT_THAT(fault(plan_removal(registry(), file_.string()), ErrorCode::unknown_model),
                HasSubstr("is a path; give the model's name"));
}

}  // namespace
}  // namespace threadrunner::model
