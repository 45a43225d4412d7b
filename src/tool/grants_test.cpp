#include "tool/grants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner::tool {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

/// music/ with albums/ in it, and a file beside it.
class ToolGrants : public testing::Test {
protected:
    ToolGrants() {
        fs::create_directories(scratch / "music/albums");
        scratch.write("music/a.mp3", "a");
        scratch.write("music/albums/b.mp3", "b");
        scratch.write("secret", "s");
    }

    [[nodiscard]] Grants given() const {
        return *Grants::open(
            {{.host = scratch / "music", .guest = "/m"},
             {.host = scratch / "music/albums", .guest = "/al", .writable = true}});
    }

    [[nodiscard]] std::string guest_of(const fs::path& path) const {
        const auto place = given().locate(path, "taglib");
        return place ? place->guest + (place->writable ? " rw" : " ro")
                     : std::string(traits(place.error().code).name);
    }

    ScratchDirectory scratch;
};

TEST_F(ToolGrants, APathIsTheToolsByTheLongestDirectoryThatHoldsIt) {
    EXPECT_EQ(guest_of(scratch / "music/a.mp3"), "/m/a.mp3 ro");
    EXPECT_EQ(guest_of(scratch / "music/albums/b.mp3"), "/al/b.mp3 rw");
    EXPECT_EQ(guest_of(scratch / "music/albums"), "/al rw");
    EXPECT_EQ(guest_of(scratch / "music/new/file"), "/m/new/file ro") << "what is not there yet";
}

TEST_F(ToolGrants, OfTwoWordsForADirectoryTheOneThatMayWriteIsTaken) {
    const Grants twice =
        *Grants::open({{.host = scratch / "music", .guest = "/a"},
                       {.host = scratch / "music", .guest = "/b", .writable = true},
                       {.host = scratch / "music", .guest = "/c"}});
    EXPECT_EQ(twice.locate(scratch / "music/a.mp3", "taglib")->guest, "/b/a.mp3");
}

TEST_F(ToolGrants, CoverWhatIsInThemAndNoMoreWritable) {
    const Grant own{.host = "/m", .guest = "/music"};
    const Grant writable{.host = "/m", .guest = "/music", .writable = true};
    EXPECT_TRUE(covers(own, {.host = "/m", .guest = ""}));
    EXPECT_TRUE(covers(own, {.host = "/m/albums", .guest = ""}));
    EXPECT_FALSE(covers(own, {.host = "/m2", .guest = ""}));
    EXPECT_FALSE(covers(own, {.host = "/", .guest = ""}));
    EXPECT_FALSE(covers(own, {.host = "/m", .guest = "", .writable = true}));
    EXPECT_TRUE(covers(writable, {.host = "/m", .guest = "", .writable = true}));
}

TEST_F(ToolGrants, ThePathOnDiskIsKnown) {
    const auto place = given().locate(scratch / "music/albums/b.mp3", "taglib");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->host, fs::canonical(scratch / "music/albums/b.mp3"));
}

TEST_F(ToolGrants, TheToolsOwnWordsAreUnderstood) {
    EXPECT_EQ(guest_of("/m/a.mp3"), "/m/a.mp3 ro");
    EXPECT_EQ(guest_of("/al/../al/b.mp3"), "/al/b.mp3 rw");
    EXPECT_EQ(given().locate("/al/b.mp3", "t")->host,
              fs::canonical(scratch / "music/albums/b.mp3"));
}

TEST_F(ToolGrants, WhatLiesElsewhereIsRefusedAndTheMessageSaysWhatWasGiven) {
    const auto place = given().locate(scratch / "secret", "taglib");
    ASSERT_FALSE(place);
    EXPECT_EQ(place.error().code, ErrorCode::forbidden);
    EXPECT_THAT(place.error().message,
                AllOf(HasSubstr("taglib may not touch"),
                      HasSubstr("/m (" + (scratch / "music").string() + ", read only)"),
                      HasSubstr("--dir HOST::GUEST")));
    EXPECT_EQ(guest_of(scratch / "music/../secret"), "forbidden");
    EXPECT_EQ(guest_of("/m/../secret"), "forbidden");
    EXPECT_EQ(guest_of((scratch / "music").string() + "2/a.mp3"), "forbidden");
    EXPECT_EQ(guest_of("a.mp3"), "invalid_request");
}

TEST_F(ToolGrants, ALinkIsWhatItPointsTo) {
    fs::create_symlink(scratch / "secret", scratch / "music/out");
    fs::create_symlink("albums/b.mp3", scratch / "music/in");
    EXPECT_EQ(guest_of(scratch / "music/out"), "forbidden");
    EXPECT_EQ(guest_of("/m/out"), "forbidden");
    EXPECT_EQ(guest_of(scratch / "music/in"), "/al/b.mp3 rw");
}

TEST_F(ToolGrants, OnlyDirectoriesThatExistAreGivenEachUnderOneName) {
    const auto missing = Grants::open({{.host = scratch / "none", .guest = "/n"}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_THAT(missing.error().message, HasSubstr("is no directory"));
    EXPECT_FALSE(Grants::open({{.host = scratch / "secret", .guest = "/n"}}));
    const auto twice = Grants::open({{.host = scratch / "music", .guest = "/m"},
                                     {.host = scratch / "music/albums", .guest = "/m"}});
    EXPECT_THAT(twice.error().message, HasSubstr("two directories are called /m"));
}

TEST_F(ToolGrants, TheWholeMachineCanBeGiven) {
    const auto grants = Grants::open({{.host = "/", .guest = "/"}});
    ASSERT_TRUE(grants);
    EXPECT_EQ(grants->locate("/", "t")->guest, "/");
    EXPECT_EQ(grants->locate("/proc", "t")->guest, "/proc");
}

}  // namespace
}  // namespace threadrunner::tool
