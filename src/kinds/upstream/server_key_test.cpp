#include "kinds/upstream/server_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

TEST(ConfiguredKey, ComesFromTheSettingOrTheFile) {
    const ScratchDirectory folder;
    const auto file = folder.write("key", "from-file\n");
    fs::permissions(file, fs::perms::owner_read);
    Settings settings;
    EXPECT_EQ(configured_key(settings).value(), "") << "none is a choice";
    settings.upstream_key_file = file.string();
    EXPECT_EQ(configured_key(settings).value(), "from-file");
    settings.upstream_key = "from-setting";
    EXPECT_EQ(configured_key(settings).value(), "from-setting");
}

TEST(ConfiguredKey, AFileThatOthersMayReadIsRefused) {
    const ScratchDirectory folder;
    const auto file = folder.write("key", "known\n");
    fs::permissions(file, fs::perms::owner_read | fs::perms::group_read);
    Settings settings;
    settings.upstream_key_file = file.string();
    const auto key = configured_key(settings);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::forbidden);
    EXPECT_THAT(key.error().message, HasSubstr("chmod 600"));
}

TEST(ConfiguredKey, WhatIsNoKeyIsRefusedAndNotRepeated) {
    Settings settings;
    for (const char* bad : {"two words", "a\r\nHost: other", "schl\xC3\xBCssel"}) {
        settings.upstream_key = bad;
        const auto key = configured_key(settings);
        ASSERT_FALSE(key);
        EXPECT_THAT(key.error().message, Not(HasSubstr(bad)));
    }
    settings.upstream_key.clear();
    settings.upstream_key_file = "/nowhere/key";
    EXPECT_THAT(configured_key(settings).error().message, HasSubstr("/nowhere/key"));
    const ScratchDirectory folder;
    const auto empty = folder.write("key", "\n");
    fs::permissions(empty, fs::perms::owner_read);
    settings.upstream_key_file = empty.string();
    EXPECT_THAT(configured_key(settings).error().message, HasSubstr("holds no key"));
}

}  // namespace
}  // namespace threadrunner
