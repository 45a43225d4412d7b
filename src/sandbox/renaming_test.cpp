#include "sandbox/renaming.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/scratch_directory.h"
#include "sandbox/wasi_errno.h"

namespace threadrunner::sandbox {
namespace {

namespace fs = std::filesystem;

class RenamingTest : public testing::Test {
protected:
    RenamingTest() {
        fs::create_directories(scratch_ / "granted/sub");
        scratch_.write("granted/old", "old");
        scratch_.write("granted/new", "new");
        scratch_.write("outside", "outside");
        grants_ =
            *open_grants({{.host = scratch_ / "granted", .guest = "/granted", .writable = true}});
    }

    int rename(const char* from, const char* to) {
        return rename_granted({.grant = &grants_.front(), .path = from},
                              {.grant = &grants_.front(), .path = to});
    }

    [[nodiscard]] std::string text(const char* name) const {
        std::ifstream file(scratch_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    [[nodiscard]] mode_t mode(const char* name) const {
        struct stat facts{};
        return ::stat((scratch_ / name).c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
    }

    ScratchDirectory scratch_;
    std::vector<OpenGrant> grants_;
};

TEST_F(RenamingTest, AFileThatReplacesAnotherTakesOverItsPermissions) {
    fs::permissions(scratch_ / "granted/old", fs::perms(0640));
    fs::permissions(scratch_ / "granted/new", fs::perms(0600));
    ASSERT_EQ(rename("new", "old"), 0);
    EXPECT_EQ(text("granted/old"), "new");
    EXPECT_EQ(mode("granted/old"), 0640U);
    EXPECT_FALSE(fs::exists(scratch_ / "granted/new"));
}

TEST_F(RenamingTest, AndItsExtendedAttributes) {
    const std::string old = (scratch_ / "granted/old").string();
    if (::setxattr(old.c_str(), "user.rating", "five", 4, 0) != 0) {
        GTEST_SKIP() << "this file system has no extended attributes";
    }
    ASSERT_EQ(rename("new", "old"), 0);
    char value[16] = {};
    EXPECT_EQ(::getxattr(old.c_str(), "user.rating", value, sizeof value), 4);
    EXPECT_STREQ(value, "five");
}

TEST_F(RenamingTest, AndItsOwner) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root gives files away";
    }
    ASSERT_EQ(::chown((scratch_ / "granted/old").c_str(), 1234, 5678), 0);
    ASSERT_EQ(rename("new", "old"), 0);
    struct stat facts{};
    ASSERT_EQ(::stat((scratch_ / "granted/old").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, 1234U);
    EXPECT_EQ(facts.st_gid, 5678U);
}

TEST_F(RenamingTest, NoFileBecomesOneThatRunsAsItsOwner) {
    ASSERT_EQ(::chmod((scratch_ / "granted/old").c_str(), 06755), 0);
    ASSERT_EQ(rename("new", "old"), 0);
    EXPECT_EQ(mode("granted/old"), 0755U);
}

TEST_F(RenamingTest, AFileThatReplacesNoneStaysAsItIs) {
    fs::permissions(scratch_ / "granted/new", fs::perms(0600));
    ASSERT_EQ(rename("new", "sub/newer"), 0);
    EXPECT_EQ(text("granted/sub/newer"), "new");
    EXPECT_EQ(mode("granted/sub/newer"), 0600U);
}

TEST_F(RenamingTest, DirectoriesAreRenamedAsEver) {
    EXPECT_EQ(rename("sub", "other/"), 0);
    EXPECT_TRUE(fs::is_directory(scratch_ / "granted/other"));
    EXPECT_EQ(rename("other", "old"), ENOTDIR);
    EXPECT_EQ(rename("old", "other"), EISDIR);
}

TEST_F(RenamingTest, ASymlinkIsReplacedAndNotWhatItLeadsTo) {
    fs::create_symlink("../outside", scratch_ / "granted/link");
    fs::permissions(scratch_ / "granted/new", fs::perms(0600));
    ASSERT_EQ(rename("new", "link"), 0);
    EXPECT_FALSE(fs::is_symlink(scratch_ / "granted/link"));
    EXPECT_EQ(mode("granted/link"), 0600U);
    EXPECT_EQ(text("outside"), "outside");
}

TEST_F(RenamingTest, NothingLeavesTheGrantedDirectory) {
    fs::create_symlink("..", scratch_ / "granted/up");
    fs::create_symlink("/", scratch_ / "granted/root");
    for (const char* const path : {"../stolen", "sub/../../stolen", "up/stolen", "root/tmp/stolen",
                                   "/stolen", "/tmp/stolen"}) {
        EXPECT_EQ(rename("new", path), EXDEV) << path;
    }
    EXPECT_EQ(rename("../outside", "in"), EXDEV);
    EXPECT_EQ(rename("up/outside", "in"), EXDEV);
    EXPECT_EQ(text("outside"), "outside");
    EXPECT_EQ(text("granted/new"), "new");
}

TEST_F(RenamingTest, WhatIsNoNameIsRefused) {
    EXPECT_EQ(rename("", "a"), ENOENT);
    EXPECT_EQ(rename("/", "a"), EPERM);
    EXPECT_EQ(rename("new", "."), EBUSY);
    EXPECT_EQ(rename("new", "sub/.."), EBUSY);
    EXPECT_EQ(rename("none", "a"), ENOENT);
    EXPECT_EQ(rename("new", "none/a"), ENOENT);
    EXPECT_EQ(rename("new", "old/a"), ENOTDIR);
}

TEST(WasiErrno, AnErrorOfTheSystemHasItsNameOrIsOneOfInputAndOutput) {
    EXPECT_EQ(wasi_errno(0), WasiErrno::success);
    EXPECT_EQ(wasi_errno(EXDEV), WasiErrno::xdev);
    EXPECT_EQ(wasi_errno(ENOTEMPTY), WasiErrno::notempty);
    EXPECT_EQ(wasi_errno(ECANCELED), WasiErrno::io);
}

}  // namespace
}  // namespace threadrunner::sandbox
