#include "kinds/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ModelFolderTest : public testing::Test {
protected:
    ModelFolderTest() { std::filesystem::create_directory(home_ / "models"); }

    void add(const std::string& file) const { home_.write("models/" + file, "x"); }

    [[nodiscard]] ModelFolder folder(const std::string& chosen = {}) const {
        return {Home{.root = home_ / ""}, chosen};
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& entry : folder().list()) {
            out.push_back(entry.name);
        }
        return out;
    }
    /// The file that a request would get, or why it gets none.
    [[nodiscard]] std::string found(const std::string& model, const std::string& chosen = {}) {
        const auto path = folder(chosen).find(model);
        if (path) {
            return path->filename().string();
        }
        EXPECT_EQ(path.error().code, ErrorCode::unknown_model);
        return path.error().message;
    }

    ScratchDirectory home_;
};

TEST_F(ModelFolderTest, ListsModelsByNameAndSplitOnesOnce) {
    for (const char* file : {"small.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf",
                             "notes.txt", ".gguf", "download.gguf.part", "odd-1-of-2.gguf"}) {
        add(file);
    }
    EXPECT_THAT(names(), ElementsAre("big", "odd-1-of-2", "small"));
    EXPECT_EQ(folder().list().front().path.filename(), "big-00001-of-00002.gguf");
}

TEST_F(ModelFolderTest, AModelThatComesOrGoesIsSeenAtOnce) {
    const ModelFolder models = folder();
    const auto count = [&] { return models.list().size(); };
    EXPECT_EQ(count(), 0U);
    add("a.gguf");
    EXPECT_EQ(count(), 1U);
    add("b.gguf");
    EXPECT_EQ(count(), 2U);
    std::filesystem::remove(home_ / "models/a.gguf");
    EXPECT_EQ(count(), 1U);
    EXPECT_FALSE(models.find("a"));
    std::filesystem::remove_all(home_ / "models");
    EXPECT_EQ(count(), 0U);
}

TEST_F(ModelFolderTest, AFolderThatDoesNotChangeIsReadOnce) {
    add("a.gguf");
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    std::filesystem::last_write_time(home_ / "models", long_ago);
    const ModelFolder models = folder();
    EXPECT_EQ(models.list().size(), 1U);
    // a change that the folder's time denies shows that only the time was looked at
    add("b.gguf");
    std::filesystem::last_write_time(home_ / "models", long_ago);
    EXPECT_EQ(models.list().size(), 1U);
    std::filesystem::last_write_time(home_ / "models", long_ago + std::chrono::minutes(1));
    EXPECT_EQ(models.list().size(), 2U);
}

TEST_F(ModelFolderTest, NamesOfAnyCharactersAreNames) {
    for (const char* name : {"with blanks", "h\xC3\xA4schen", "line\nbreak", "esc\x1B[2J",
                             "caf\xE9", "-m", "'quoted'"}) {
        add(std::string(name) + ".gguf");
        EXPECT_EQ(found(name), std::string(name) + ".gguf");
    }
    EXPECT_EQ(names().size(), 7U);
}

TEST_F(ModelFolderTest, AFolderThatIsNotThereHasNoModels) {
    std::filesystem::remove(home_ / "models");
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(ModelFolderTest, AModelIsFoundByItsNameItsFileOrItsPath) {
    add("small.gguf");
    add("big-00001-of-00002.gguf");
    EXPECT_EQ(found("small"), "small.gguf");
    EXPECT_EQ(found("small.gguf"), "small.gguf");
    EXPECT_EQ(found("big"), "big-00001-of-00002.gguf");
    EXPECT_EQ(found("big-00001-of-00002.gguf"), "big-00001-of-00002.gguf");
    EXPECT_EQ(found((home_ / "models/small.gguf").string()), "small.gguf");
    EXPECT_EQ(found("/nowhere/new.gguf"), "new.gguf") << "its loading will say what is wrong";
}

TEST_F(ModelFolderTest, ALinkAndItsFileAreOneModel) {
    add("small.gguf");
    std::filesystem::create_symlink(home_ / "models/small.gguf", home_ / "models/alias.gguf");
    EXPECT_EQ(folder().find("alias").value(), folder().find("small").value());
}

TEST_F(ModelFolderTest, APathThatIsNotAbsoluteIsNotFoundBesideTheDaemon) {
    EXPECT_EQ(found("./small.gguf"), "there is no model file ./small.gguf; check the path");
}

TEST_F(ModelFolderTest, AWrongNameGetsTheNearestOrAllThatThereAre) {
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

TEST_F(ModelFolderTest, TheOnlyModelIsTheDefault) {
    EXPECT_THAT(found(""), AllOf(HasSubstr("there is no model yet"), HasSubstr("-m PATH"),
                                 HasSubstr("THREADRUNNER_BACKEND=dummy")));
    add("small.gguf");
    EXPECT_EQ(found(""), "small.gguf");
}

TEST_F(ModelFolderTest, OfSeveralTheChosenOneIsTheDefault) {
    add("small.gguf");
    add("tiny.gguf");
    EXPECT_EQ(found("", "tiny"), "tiny.gguf");
    EXPECT_EQ(found("", "/elsewhere/large.gguf"), "large.gguf");
    EXPECT_THAT(found("", "tinny"), HasSubstr("did you mean 'tiny'?"));
    EXPECT_THAT(found(""), AllOf(HasSubstr("several models are in "), HasSubstr("(small, tiny)"),
                                 HasSubstr("choose one with -m NAME")));
}

}  // namespace
}  // namespace threadrunner
