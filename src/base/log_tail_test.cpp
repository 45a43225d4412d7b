#include "base/log_tail.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/scratch_directory.h"

namespace threadrunner::log {
namespace {

namespace fs = std::filesystem;

class LogTail : public testing::Test {
protected:
    fs::path write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name, std::ios::app) << text;
        return directory_ / name;
    }

    ScratchDirectory directory_;
};

TEST_F(LogTail, LastLinesCountsTheUnfinishedOne) {
    EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc\n");
    EXPECT_EQ(last_lines("a\nb\nc", 2), "b\nc");
    EXPECT_EQ(last_lines("a\nb", 9), "a\nb");
    EXPECT_EQ(last_lines("a\n", 0), "");
    EXPECT_EQ(last_lines("\n\n", 1), "\n");
    EXPECT_EQ(last_lines("", 1), "");
}

TEST_F(LogTail, ALargeLogIsReadFromItsEnd) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    const fs::path file = write("log", text);
    EXPECT_EQ(tail_of_file(file, 2), "line 49998\nline 49999\n");
    EXPECT_EQ(tail_of_file(file, 1'000'000), text);
    EXPECT_EQ(tail_of_file(directory_ / "none", 2), "");
}

TEST_F(LogTail, FollowingStartsWithTheTailAndLosesNothing) {
    const fs::path file = write("day1", "a\nb\n");
    LogFollower follower(file, 1, [&] { return file; });
    write("day1", "c\n");
    EXPECT_EQ(follower.read_new(), "b\nc\n");
    EXPECT_EQ(follower.read_new(), "");
    write("day1", "d\n");
    EXPECT_EQ(follower.read_new(), "d\n");
}

TEST_F(LogTail, FollowingGoesOnAfterMidnight) {
    fs::path today = write("day1", "a\n");
    LogFollower follower(today, 9, [&] { return today; });
    EXPECT_EQ(follower.read_new(), "a\n");
    today = directory_ / "day2";
    EXPECT_EQ(follower.read_new(), "");
    write("day1", "late\n");
    write("day2", "b\n");
    EXPECT_EQ(follower.read_new(), "late\nb\n");
}

TEST_F(LogTail, FollowingWaitsForAFileThatIsNotThereYet) {
    const fs::path file = directory_ / "day1";
    LogFollower follower(file, 9, [&] { return file; });
    EXPECT_EQ(follower.read_new(), "");
    write("day1", "a\n");
    EXPECT_EQ(follower.read_new(), "a\n");
}

TEST_F(LogTail, WithoutALogOfTodayTheNewestOneIsShown) {
    const Home home{directory_ / "home"};
    fs::create_directories(home.logs());
    EXPECT_EQ(newest_log(home), home.log_file_today());
    for (const char* name :
         {"threadrunner-daemon-2001-02-03.log", "threadrunner-daemon-2001-01-31.log", "zzz.txt"}) {
        std::ofstream(home.logs() / name) << "x\n";
    }
    EXPECT_EQ(newest_log(home), home.logs() / "threadrunner-daemon-2001-02-03.log");
}

}  // namespace
}  // namespace threadrunner::log
