#include "cli/progress.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "cli/transcript.h"

namespace threadrunner::cli {
namespace {

using std::chrono::milliseconds;

class ProgressTest : public testing::Test {
protected:
    Screen screen_;
    Terminal terminal_{.err = true, .redraw = true, .columns = 40};
    Clock::time_point start_ = Clock::time_point(std::chrono::hours(1));
    Clock::time_point late_ = start_ + limits::progress_after;
};

TEST_F(ProgressTest, AShortWaitShowsNothing) {
    Progress progress(screen_, terminal_, start_);
    progress.set("Loading", 0.5, late_ - milliseconds(1));
    progress.erase();
    EXPECT_EQ(transcript(screen_), "");
}

TEST_F(ProgressTest, ALongWaitIsShownEvenWhenNothingNewIsSaid) {
    Progress progress(screen_, terminal_, start_);
    progress.set("Loading", 0.5, start_);
    ASSERT_EQ(progress.wake_at(), late_);
    progress.tick(late_);
    EXPECT_EQ(transcript(screen_), "[err]\r\x1b[KLoading #############............. 50 %");
    EXPECT_EQ(progress.wake_at(), std::nullopt);
}

TEST_F(ProgressTest, TheLineIsGoneBeforeAnythingElseIsWritten) {
    Progress progress(screen_, terminal_, start_);
    progress.set("Loading", 0.5, late_);
    static_cast<void>(transcript(screen_));
    progress.erase();
    progress.erase();
    EXPECT_EQ(transcript(screen_), "[err]\r\x1b[K");
}

TEST_F(ProgressTest, AFloodOfReportsIsDrawnAFewTimesASecond) {
    Progress progress(screen_, terminal_, start_);
    progress.set("Loading", 0.1, late_);
    static_cast<void>(transcript(screen_));
    progress.set("Loading", 0.2, late_ + milliseconds(1));
    EXPECT_EQ(transcript(screen_), "");
    EXPECT_EQ(progress.wake_at(), late_ + limits::progress_every);
}

TEST_F(ProgressTest, NothingIsDrawnWhereItCouldNotBeErased) {
    terminal_.redraw = false;
    Progress progress(screen_, terminal_, start_);
    progress.set("Loading", 0.5, late_);
    EXPECT_EQ(transcript(screen_), "");
    EXPECT_EQ(progress.wake_at(), std::nullopt);
}

TEST_F(ProgressTest, ALineNeverWraps) {
    for (int columns = 1; columns < 60; ++columns) {
        terminal_.columns = columns;
        Progress progress(screen_, terminal_, start_);
        progress.set("Reading the prompt", 1.0, late_, {"1 of 1 MiB", "2 MiB/s"});
        const std::string drawn = transcript(screen_);
        const std::string start = "[err]\r\x1b[K";
        EXPECT_LT(drawn.size(), start.size() + static_cast<std::size_t>(columns)) << columns;
    }
}

TEST(Bar, FillsFromTheLeftAndNeverBeyond) {
    EXPECT_EQ(bar(0.5, 4, true), "━━╌╌");
    EXPECT_EQ(bar(7, 2, false), "##");
    EXPECT_EQ(bar(-1, 2, false), "..");
}

}  // namespace
}  // namespace threadrunner::cli
