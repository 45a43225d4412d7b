#include "tool/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner::tool {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class ToolInstallation : public testing::Test {
protected:
    ToolInstallation() {
        fs::create_directories(scratch / "from/bin");
        scratch.write("from/tool.toml", "name = \"text\"\nmodule = \"bin/t.wasm\"\n");
        scratch.write("from/bin/t.wasm", std::string_view("\0asm\1\0\0\0", 8));
        scratch.write("from/notes", "not of the tool");
    }

    [[nodiscard]] std::string fault() const {
        const auto installed = install(registry, scratch / "from");
        return installed ? "no fault" : installed.error().message;
    }

    ScratchDirectory scratch;
    Registry registry{scratch / "home/tools", {scratch / "shipped"}};
};

TEST_F(ToolInstallation, CopiesAToolIntoTheHomeForItsOwnerAlone) {
    fs::create_directories(scratch / "home");
    const auto tool = install(registry, scratch / "from");
    ASSERT_TRUE(tool) << tool.error().message;
    EXPECT_EQ(tool->folder, scratch / "home/tools/text");
    fs::remove_all(scratch / "from");
    ASSERT_TRUE(registry.find("text"));
    EXPECT_TRUE(fs::is_regular_file(registry.find("text")->manifest.module));
    EXPECT_FALSE(fs::exists(scratch / "home/tools/text/notes"));
    EXPECT_EQ(fs::status(scratch / "home/tools").permissions(), fs::perms::owner_all);
}

TEST_F(ToolInstallation, AnInstalledToolIsNotReplacedUnasked) {
    EXPECT_EQ(fault(), "no fault");
    EXPECT_THAT(fault(), HasSubstr("threadrunner tool remove text"));
    ASSERT_TRUE(remove(registry, "text"));
    EXPECT_FALSE(registry.find("text"));
    EXPECT_EQ(fault(), "no fault");
}

TEST_F(ToolInstallation, WhatIsNoModuleIsNotInstalled) {
    scratch.write("from/bin/t.wasm", "#!/bin/sh");
    EXPECT_THAT(fault(), HasSubstr("is no WebAssembly module"));
    fs::remove(scratch / "from/bin/t.wasm");
    EXPECT_THAT(fault(), HasSubstr("is no WebAssembly module"));
    EXPECT_FALSE(fs::exists(scratch / "home/tools/text"));
}

TEST_F(ToolInstallation, OnlyWhatWasInstalledCanBeRemoved) {
    fs::create_directories(scratch / "shipped/tags");
    scratch.write("shipped/tags/tool.toml", "name = \"tags\"\nmodule = \"t.wasm\"\n");
    const auto shipped = remove(registry, "tags");
    ASSERT_FALSE(shipped);
    EXPECT_EQ(shipped.error().code, ErrorCode::conflict);
    EXPECT_TRUE(registry.find("tags"));
    EXPECT_EQ(remove(registry, "none").error().code, ErrorCode::not_found);
    EXPECT_EQ(remove(registry, "..").error().code, ErrorCode::invalid_request);
}

}  // namespace
}  // namespace threadrunner::tool
