#include "cli/pull_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/transcript.h"

namespace threadrunner::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
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

TEST(PullView, ShowsHowMuchThereIsHowFastItComesAndHowLongThatTakes) {
    const auto start = Clock::now();
    const auto drawn_after = [&](int columns, std::optional<std::int64_t> total) {
        Screen screen;
        PullView view(screen, {.err = true, .redraw = true, .columns = columns}, start);
        for (const std::int64_t second : {0, 1, 2}) {
            const std::int64_t done = (20 + 10 * second) << 20;
            view.show(event::Load{.stage = "downloading m.gguf",
                                  .fraction = total ? 0.25 : 0,
                                  .done_bytes = done,
                                  .total_bytes = total},
                      "", start + 1s + std::chrono::seconds(second));
        }
        return screen.pieces().back().text;
    };
    const auto all = drawn_after(100, std::int64_t{160} << 20);
    EXPECT_THAT(all, EndsWith(" 25 %, 40.0 MiB of 160 MiB, 10.0 MiB/s, 12s left"));
    EXPECT_THAT(all, HasSubstr("##"));
    EXPECT_THAT(drawn_after(52, std::int64_t{160} << 20), EndsWith(" 25 %, 40.0 MiB of 160 MiB"));
    EXPECT_THAT(drawn_after(80, std::nullopt), EndsWith("m.gguf 40.0 MiB, 10.0 MiB/s"));
}

TEST(PullView, SaysWhatCame) {
    const Json meta = {{"name", "m"}, {"bytes", 1U << 20}, {"already", false}};
    EXPECT_EQ(pulled_text({{"meta", meta}}), "pulled m (1.0 MiB)\n");
    EXPECT_EQ(pulled_text({{"meta", {{"name", "m"}, {"bytes", 5U}, {"already", true}}}}),
              "m is here already (5 bytes)\n");
}

}  // namespace
}  // namespace threadrunner::cli
