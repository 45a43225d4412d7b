#include "model/registry_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_directory.h"

namespace threadrunner::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::vector<FileEntry>> read(std::string_view text) {
    return read_entries(text, "/h/models.toml", "/h/models");
}

std::string fault(std::string_view text) {
    const auto entries = read(text);
    if (entries) {
        return "no fault";
    }
    EXPECT_EQ(entries.error().code, ErrorCode::model_load_failed);
    return entries.error().message;
}

TEST(RegistryFile, HoldsWhatPeopleSayOfTheirModels) {
    const auto entries = read(R"(# mine
[gemma]
aliases = ["g", "small"]
context = 8192
temperature = 1
stop = "###"

["llama-3.1 8b"]
path = "/data/../data/l.gguf"
adapters = ["/a.gguf=0.5"]

[short]
path = "gemma.gguf"
)");
    ASSERT_TRUE(entries) << entries.error().message;
    ASSERT_EQ(entries->size(), 3U);
    const FileEntry& gemma = (*entries)[0];
    EXPECT_EQ(gemma.name, "gemma");
    EXPECT_EQ(gemma.path, "");
    EXPECT_THAT(gemma.aliases, ElementsAre("g", "small"));
    EXPECT_EQ(gemma.defaults.load.context, 8192U);
    EXPECT_EQ(gemma.defaults.sampling.temperature, 1.0);
    EXPECT_THAT(gemma.defaults.sampling.stop, ElementsAre("###"));
    EXPECT_EQ(gemma.place, "/h/models.toml:2");
    EXPECT_EQ((*entries)[1].path, "/data/l.gguf");
    EXPECT_EQ((*entries)[1].defaults.load.adapters.size(), 1U);
    EXPECT_EQ((*entries)[2].path, "/h/models/gemma.gguf");
    EXPECT_TRUE(read("")->empty());
}

TEST(RegistryFile, AFaultNamesFileLineAndRemedy) {
    EXPECT_THAT(fault("[a]\nx =\n"), HasSubstr("/h/models.toml:2: "));
    EXPECT_THAT(fault("[a]\n\ncontxt = 5\n"),
                HasSubstr("/h/models.toml:3: models have no default 'contxt'; did you mean "
                          "'context'?"));
    EXPECT_THAT(fault("[a]\ncontext = 1\n"), HasSubstr("models.toml:2: context must be"));
    EXPECT_THAT(fault("context = 5\n"), HasSubstr("models.toml:1: context stands in no model's"));
    EXPECT_THAT(fault("[llama-3.1]\ncontext = 512\n"),
                HasSubstr("a name with a dot goes in quotes: [\"llama-3.1\"]"));
    EXPECT_THAT(fault("[a]\naliases = [\"x\"]\n[b]\naliases = [\"x\"]\n"),
                HasSubstr("models.toml:4: the alias x is a's already"));
    EXPECT_THAT(fault("[a]\naliases = [\"x/y\"]\n"), HasSubstr("taken for a path"));
    EXPECT_THAT(fault("[a]\npath = [\"x\"]\n"), HasSubstr("path takes the path of a GGUF file"));
    EXPECT_THAT(fault("[a]\ncontext = true\n"), HasSubstr("context must be a number from 64"));
    EXPECT_THAT(fault("[a]\ncontext = 2001-01-01\n"), HasSubstr("context takes a text, a number"));
    EXPECT_THAT(fault("[a]\n[a]\n"), HasSubstr("models.toml:2"));
}

TEST(RegistryFile, ABrokenFileIsNotTouched) {
    const ScratchDirectory home;
    const auto file = home.write("models.toml", "[a\n");
    const auto edited =
        edit_registry_file(file, home / "models", [](std::string_view) { return std::string(); });
    ASSERT_FALSE(edited);
    EXPECT_THAT(edited.error().message, HasSubstr("models.toml:1"));
    EXPECT_EQ(read_registry_text(file), "[a\n");
}

TEST(RegistryFile, WhatIsNotThereIsEmptyAndWhatIsNoFileIsAFault) {
    const ScratchDirectory home;
    EXPECT_EQ(read_registry_text(home / "models.toml"), "");
    std::filesystem::create_directory(home / "models.toml");
    EXPECT_FALSE(read_registry_text(home / "models.toml"));
}

}  // namespace
}  // namespace threadrunner::model
