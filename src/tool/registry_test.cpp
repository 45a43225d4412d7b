#include "tool/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner::tool {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

class ToolRegistry : public testing::Test {
protected:
    void put(const std::string& folder, const std::string& name, const std::string& more = "") {
        fs::create_directories(scratch / folder);
        scratch.write(folder + "/tool.toml",
                      "name = \"" + name + "\"\nmodule = \"t.wasm\"\n" + more);
    }
    [[nodiscard]] std::string names() const {
        std::string out;
        for (const Registry::Entry& entry : registry.list()) {
            out += entry.name + (!entry.tool ? "! " : entry.tool->shipped ? "* " : " ");
        }
        return out;
    }

    ScratchDirectory scratch;
    Registry registry{scratch / "home", {scratch / "shipped", scratch / "nowhere"}};
};

TEST_F(ToolRegistry, KnowsWhatWasInstalledAndWhatCameAlong) {
    EXPECT_EQ(names(), "");
    put("shipped/text", "text");
    put("shipped/taglib", "taglib");
    fs::create_directories(scratch / "shipped/source");
    put("home/mine", "mine");
    put("home/.coming", "coming");
    EXPECT_EQ(names(), "mine taglib* text* ");
}

TEST_F(ToolRegistry, AnInstalledToolTakesThePlaceOfOneThatCameAlong) {
    put("shipped/text", "text");
    put("home/text", "text");
    ASSERT_TRUE(registry.find("text"));
    EXPECT_FALSE(registry.find("text")->shipped);
}

TEST_F(ToolRegistry, AManifestThatChangedIsReadAgain) {
    put("home/text", "text");
    EXPECT_EQ(registry.find("text")->manifest.instances, 1U);
    put("home/text", "text", "instances = 4\n");
    EXPECT_EQ(registry.find("text")->manifest.instances, 4U);
    fs::remove_all(scratch / "home/text");
    EXPECT_FALSE(registry.find("text"));
}

TEST_F(ToolRegistry, AnUnknownNameIsAnsweredWithThoseThatThereAre) {
    const auto none = registry.find("text");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    EXPECT_THAT(none.error().message, HasSubstr("threadrunner tool install DIR"));
    put("home/text", "text");
    EXPECT_THAT(registry.find("tags").error().message, HasSubstr("there are: text"));
    EXPECT_EQ(registry.find("../home").error().code, ErrorCode::invalid_request);
}

TEST_F(ToolRegistry, ABrokenToolIsListedWithItsFault) {
    put("home/text", "text", "memori = 5\n");
    put("home/other", "text");
    EXPECT_EQ(names(), "other! text! ");
    EXPECT_THAT(registry.find("text").error().message, HasSubstr("tool.toml:3: "));
    EXPECT_THAT(registry.find("other").error().message,
                AllOf(HasSubstr("called 'text'"), HasSubstr("rename one of them")));
}

}  // namespace
}  // namespace threadrunner::tool
