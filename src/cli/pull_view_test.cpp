#include "cli/pull_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/transcript.h"

namespace threadrunner::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using wire::Json;

TEST(PullView, ShowsHowFarItIsAndNothingAtTheEnd) {
    Screen screen;
    const auto start = Clock::now();
    PullView view(screen, {.err = true, .redraw = true}, start);
    view.show(event::Load{.stage = "looking", .fraction = 0}, "", start + 1s);
    view.show(event::Load{.stage = "downloading m.gguf\x1b[2J", .fraction = 0.25}, "", start + 2s);
    std::string drawn;
    for (const auto& piece : screen.pieces()) {
        drawn += piece.text;
    }
    EXPECT_THAT(drawn, AllOf(HasSubstr("looking"), HasSubstr("downloading m.gguf"),
                             HasSubstr("25 %"), Not(HasSubstr("\x1b[2J")), Not(HasSubstr(" 0 %"))));
    screen.pieces().clear();
    view.finish();
    EXPECT_EQ(screen.pieces().back().text, "\r\x1b[K");
}

TEST(PullView, SaysWhatCame) {
    const Json meta = {{"name", "m"}, {"bytes", 1U << 20}, {"already", false}};
    EXPECT_EQ(pulled_text({{"meta", meta}}), "pulled m (1.0 MiB)\n");
    EXPECT_EQ(pulled_text({{"meta", {{"name", "m"}, {"bytes", 5U}, {"already", true}}}}),
              "m is here already (5 bytes)\n");
}

}  // namespace
}  // namespace threadrunner::cli
