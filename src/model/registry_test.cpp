#include "model/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner::model {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RegistryTest : public testing::Test {
protected:
    RegistryTest() { std::filesystem::create_directory(home_ / "models"); }

    void add(const std::string& file) const { home_.write("models/" + file, "x"); }
    void write(const std::string& text) const { home_.write("models.toml", text); }

    [[nodiscard]] Registry registry() const { return Registry(Home{.root = home_ / ""}); }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        const Registry models = registry();
        for (const auto& model : models.list().value()) {
            out.push_back(model.name);
        }
        return out;
    }
    /// The file that a request would get, or why it gets none.
    [[nodiscard]] std::string found(const std::string& model, const std::string& chosen = {}) {
        const auto found = registry().find(model, chosen);
        if (found) {
            return found->path.filename().string();
        }
        EXPECT_EQ(found.error().code, ErrorCode::unknown_model);
        return found.error().message;
    }

    ScratchDirectory home_;
};

TEST_F(RegistryTest, ListsModelsByNameAndSplitOnesOnce) {
    for (const char* file : {"small.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf",
                             "notes.txt", ".gguf", "download.gguf.part", "odd-1-of-2.gguf"}) {
        add(file);
    }
    EXPECT_THAT(names(), ElementsAre("big", "odd-1-of-2", "small"));
    EXPECT_EQ(registry().list()->front().path.filename(), "big-00001-of-00002.gguf");
}

TEST_F(RegistryTest, AModelThatComesOrGoesIsSeenAtOnce) {
    const Registry models = registry();
    const auto count = [&] { return models.list()->size(); };
    EXPECT_EQ(count(), 0U);
    add("a.gguf");
    EXPECT_EQ(count(), 1U);
    add("b.gguf");
    EXPECT_EQ(count(), 2U);
    std::filesystem::remove(home_ / "models/a.gguf");
    EXPECT_EQ(count(), 1U);
    EXPECT_FALSE(models.find("a", ""));
    std::filesystem::remove_all(home_ / "models");
    EXPECT_EQ(count(), 0U);
}

TEST_F(RegistryTest, AFolderThatDoesNotChangeIsReadOnce) {
    add("a.gguf");
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    std::filesystem::last_write_time(home_ / "models", long_ago);
    const Registry models = registry();
    EXPECT_EQ(models.list()->size(), 1U);
    // a change that the folder's time denies shows that only the time was looked at
    add("b.gguf");
    std::filesystem::last_write_time(home_ / "models", long_ago);
    EXPECT_EQ(models.list()->size(), 1U);
    std::filesystem::last_write_time(home_ / "models", long_ago + std::chrono::minutes(1));
    EXPECT_EQ(models.list()->size(), 2U);
}

TEST_F(RegistryTest, NamesOfAnyCharactersAreNames) {
    for (const char* name : {"with blanks", "h\xC3\xA4schen", "line\nbreak", "esc\x1B[2J",
                             "caf\xE9", "-m", "'quoted'"}) {
        add(std::string(name) + ".gguf");
        EXPECT_EQ(found(name), std::string(name) + ".gguf");
    }
    EXPECT_EQ(names().size(), 7U);
}

TEST_F(RegistryTest, AFolderThatIsNotThereHasNoModels) {
    std::filesystem::remove(home_ / "models");
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(RegistryTest, AModelIsFoundByItsNameItsFileOrItsPath) {
    add("small.gguf");
    add("big-00001-of-00002.gguf");
    EXPECT_EQ(found("small"), "small.gguf");
    EXPECT_EQ(found("small.gguf"), "small.gguf");
    EXPECT_EQ(found("big"), "big-00001-of-00002.gguf");
    EXPECT_EQ(found("big-00001-of-00002.gguf"), "big-00001-of-00002.gguf");
    EXPECT_EQ(found((home_ / "models/small.gguf").string()), "small.gguf");
    EXPECT_EQ(found("/nowhere/new.gguf"), "new.gguf") << "its loading will say what is wrong";
}

TEST_F(RegistryTest, ALinkAndItsFileAreOneModel) {
    add("small.gguf");
    std::filesystem::create_symlink(home_ / "models/small.gguf", home_ / "models/alias.gguf");
    EXPECT_EQ(registry().find("alias", "")->path, registry().find("small", "")->path);
}

TEST_F(RegistryTest, APathThatIsNotAbsoluteIsNotFoundBesideTheDaemon) {
    EXPECT_EQ(found("./small.gguf"), "there is no model file ./small.gguf; check the path");
}

TEST_F(RegistryTest, AWrongNameGetsTheNearestOrAllThatThereAre) {
    EXPECT_THAT(found("gemma"), AllOf(HasSubstr("there is no model 'gemma' in "),
                                      HasSubstr("the folder has none: put a GGUF file there")));
    add("gemma-3-270m.gguf");
    add("qwen.gguf");
    EXPECT_THAT(found("gemma-3-27m"), HasSubstr("did you mean 'gemma-3-270m'?"));
    EXPECT_THAT(found("something"), HasSubstr("there are: gemma-3-270m, qwen"));
    for (char letter = 'a'; letter <= 'l'; ++letter) {
        add(std::string("model-of-") + letter + ".gguf");
    }
    EXPECT_THAT(found("something"), HasSubstr("and 4 more"));
}

TEST_F(RegistryTest, TheOnlyModelIsTheDefault) {
    EXPECT_THAT(found(""), AllOf(HasSubstr("there is no model yet"), HasSubstr("-m PATH"),
                                 HasSubstr("THREADRUNNER_BACKEND=dummy")));
    add("small.gguf");
    EXPECT_EQ(found(""), "small.gguf");
}

TEST_F(RegistryTest, OfSeveralTheChosenOneIsTheDefault) {
    add("small.gguf");
    add("tiny.gguf");
    EXPECT_EQ(found("", "tiny"), "tiny.gguf");
    EXPECT_EQ(found("", "/elsewhere/large.gguf"), "large.gguf");
    EXPECT_THAT(found("", "tinny"), HasSubstr("did you mean 'tiny'?"));
    EXPECT_THAT(found(""), AllOf(HasSubstr("several models are in "), HasSubstr("(small, tiny)"),
                                 HasSubstr("choose one with -m NAME"),
                                 HasSubstr("threadrunner models default NAME")));
}

TEST_F(RegistryTest, AnAliasAndItsModelAreOneWorker) {
    add("gemma.gguf");
    write("[gemma]\naliases = [\"g\"]\ncontext = 512\ntemperature = 0.5\n");
    const auto by_alias = registry().find("g", "");
    const auto by_path = registry().find((home_ / "models/gemma.gguf").string(), "");
    const auto by_file = registry().find("gemma.gguf", "");
    ASSERT_TRUE(by_alias && by_path && by_file);
    for (const auto& found : {*by_alias, *by_path, *by_file}) {
        EXPECT_EQ(found.path, std::filesystem::canonical(home_ / "models/gemma.gguf"));
        EXPECT_EQ(found.name, "gemma");
        EXPECT_EQ(found.defaults.load.context, 512U);
        EXPECT_EQ(found.defaults.sampling.temperature, 0.5);
    }
    EXPECT_THAT(found("gg"), HasSubstr("did you mean 'g'?"));
}

TEST_F(RegistryTest, AFileElsewhereIsAModelToo) {
    const auto file = home_.write("elsewhere.gguf", "x");
    add("gemma.gguf");
    write("[far]\npath = \"" + file.string() +
          "\"\n[long]\npath = \"gemma.gguf\"\n"
          "context = 9999\n[lost]\nslots = 1\n");
    EXPECT_THAT(names(), ElementsAre("far", "gemma", "long", "lost"));
    EXPECT_EQ(found("far"), "elsewhere.gguf");
    EXPECT_EQ(found("long"), "gemma.gguf");
    EXPECT_EQ(found("lost"), "lost.gguf") << "its loading will say what is wrong";
    const Registry models = registry();
    EXPECT_FALSE(models.named("far").value()->in_folder);
    EXPECT_TRUE(models.named("gemma").value()->in_folder);
    EXPECT_EQ(models.named("nobody").value(), nullptr);
    const auto gemma = std::filesystem::canonical(home_ / "models/gemma.gguf");
    EXPECT_EQ(models.name_of(gemma, ""), "gemma");
    EXPECT_EQ(models.name_of(gemma, "context=9999"), "long");
    EXPECT_EQ(models.name_of(std::filesystem::canonical(file), ""), "far");
    EXPECT_EQ(models.name_of("/nowhere.gguf", ""), "");
}

TEST_F(RegistryTest, AFileThatIsLinkedIntoTheFolderHasTheNameOfItsLink) {
    const auto file = home_.write("elsewhere.gguf", "x");
    add("gemma.gguf");
    std::filesystem::create_symlink(file, home_ / "models/elsewhere.gguf");
    EXPECT_EQ(registry().name_of(std::filesystem::canonical(file), ""), "elsewhere");
}

TEST_F(RegistryTest, ABrokenFileIsEveryCallsErrorUntilItIsMended) {
    add("gemma.gguf");
    write("[gemma]\ncontext = 1\n");
    const Registry models = registry();
    for (int i = 0; i < 2; ++i) {
        const auto found = models.find("gemma", "");
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, ErrorCode::model_load_failed);
        EXPECT_THAT(found.error().message, HasSubstr("models.toml:2: context must be"));
        EXPECT_FALSE(models.list());
    }
    write("[gemma]\ncontext = 100\n");
    const auto found = models.find("gemma", "");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->defaults.load.context, 100U);
}

TEST_F(RegistryTest, AFileThatDoesNotChangeIsReadOnce) {
    using std::filesystem::last_write_time;
    write("[gemma]\npath = \"/a.gguf\"\n");
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    last_write_time(home_ / "models.toml", long_ago);
    const Registry models = registry();
    EXPECT_EQ(models.find("gemma", "")->path, "/a.gguf");
    // a change that the file's time and size deny shows that only those were looked at
    write("[gemma]\npath = \"/b.gguf\"\n");
    last_write_time(home_ / "models.toml", long_ago);
    EXPECT_EQ(models.find("gemma", "")->path, "/a.gguf");
    last_write_time(home_ / "models.toml", long_ago + std::chrono::minutes(1));
    EXPECT_EQ(models.find("gemma", "")->path, "/b.gguf");
}

}  // namespace
}  // namespace threadrunner::model
