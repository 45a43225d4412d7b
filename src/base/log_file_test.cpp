#include "base/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/scratch_directory.h"

namespace threadrunner::log {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Time noon = Time(20'000 * 24h + 12h);  // some day in 2024, wherever we are
constexpr auto day = 24h;

class DayFilesTest : public testing::Test {
protected:
    [[nodiscard]] std::set<std::string> names() const {
        std::set<std::string> out;
        for (const auto& entry : fs::directory_iterator(directory_ / "")) {
            out.insert(entry.path().filename().string());
        }
        return out;
    }
    [[nodiscard]] std::string content(Time time) const {
        std::ostringstream text;
        text << std::ifstream(directory_ / day_file_name(time)).rdbuf();
        return text.str();
    }

    ScratchDirectory directory_;
    DayFiles files_{directory_ / ""};
};

TEST_F(DayFilesTest, EachDayHasItsFile) {
    files_.set_kept(14);
    files_.append("one", noon);
    files_.append("two", noon + 1min);
    files_.append("three", noon + day);
    EXPECT_EQ(content(noon), "one\ntwo\n");
    EXPECT_EQ(content(noon + day), "three\n");
}

TEST_F(DayFilesTest, WhatAKilledDaemonLeftUnfinishedStaysALineOfItsOwn) {
    directory_.write(day_file_name(noon), "whole\nhal");
    files_.append("next", noon);
    EXPECT_EQ(content(noon), "whole\nhal\nnext\n");
    DayFiles(directory_ / "").append("another daemon's", noon);
    EXPECT_EQ(content(noon), "whole\nhal\nnext\nanother daemon's\n");
}

TEST_F(DayFilesTest, OnlyTheOldestOfOurOwnFilesAreDeleted) {
    files_.set_kept(3);
    directory_.write("threadrunner-daemon-1999-01-01.log.gz", "");
    directory_.write("threadrunner-daemon-notes-01.log", "");
    directory_.write("threadrunner-daemon-2O24-01-01.log", "");
    fs::create_directory(directory_ / "threadrunner-daemon-1999-01-01.log");
    for (int i = 0; i < 5; ++i) {
        files_.append("x", noon + i * day);
    }
    EXPECT_EQ(names().size(), 4U + 3U);
    EXPECT_THAT(names(), Contains("threadrunner-daemon-1999-01-01.log"));
    EXPECT_THAT(names(), Contains(day_file_name(noon + 2 * day)));
    EXPECT_THAT(names(), testing::Not(Contains(day_file_name(noon + 1 * day))));
}

TEST_F(DayFilesTest, AClockThatJumpsCostsAtMostTheOldest) {
    files_.set_kept(3);
    for (const Time time : {noon, noon + day, noon + 2 * day}) {
        files_.append("before", time);
    }
    files_.append("far ahead", noon + 3650 * day);
    EXPECT_EQ(names().size(), 3U);
    EXPECT_THAT(names(), Contains(day_file_name(noon + 2 * day)));
    files_.append("far back", noon - 3650 * day);
    EXPECT_EQ(content(noon - 3650 * day), "far back\n") << "the file of today is never deleted";
    files_.append("after", noon + 2 * day);
    EXPECT_EQ(content(noon + 2 * day), "before\nafter\n");
}

TEST_F(DayFilesTest, WhatADiskDidNotTakeIsCountedWhenItTakesLinesAgain) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit full = before;
    full.rlim_cur = 20;
    ::setrlimit(RLIMIT_FSIZE, &full);
    files_.append("fits", noon);
    files_.append("does not fit any more", noon);
    files_.append("nor does this", noon);
    ::setrlimit(RLIMIT_FSIZE, &before);
    files_.append("works again", noon);
    std::signal(SIGXFSZ, SIG_DFL);
    const std::string text = content(noon);
    EXPECT_THAT(text, HasSubstr("fits\ndoes not fit an\n")) << "the cut line ends";
    EXPECT_THAT(text, HasSubstr(" E log: 2 lines were lost: "));
    EXPECT_THAT(text, testing::EndsWith("\nworks again\n"));
}

TEST_F(DayFilesTest, ADirectoryThatComesLaterIsUsedThen) {
    DayFiles files(directory_ / "later");
    files.append("too early", noon);
    EXPECT_FALSE(files.turn_to(noon));
    fs::create_directory(directory_ / "later");
    files.append("in time", noon);
    std::ostringstream text;
    text << std::ifstream(directory_ / "later" / day_file_name(noon)).rdbuf();
    EXPECT_THAT(text.str(), HasSubstr("1 lines were lost: No such file or directory\nin time\n"));
}

TEST_F(DayFilesTest, AFileIsItsOwnersAlone) {
    files_.append("x", noon);
    struct stat status{};
    ASSERT_EQ(::stat((directory_ / day_file_name(noon)).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace threadrunner::log
