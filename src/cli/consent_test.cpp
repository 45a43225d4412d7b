#include "cli/consent.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/transcript.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;

/// A person whose keyboard is a pipe.
class ConsentTest : public testing::Test {
protected:
    ConsentTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        terminal_.reset(ends[0]);
        keys_.reset(ends[1]);
    }

    void type(std::string_view keys) {
        EXPECT_EQ(::write(keys_.get(), keys.data(), keys.size()),
                  static_cast<ssize_t>(keys.size()));
    }
    std::string shown() { return transcript(screen_); }

    /// What a line answers, asked anew; nothing where it is asked for again.
    std::optional<bool> answer_to(std::string_view line) {
        Consent consent(screen_, UniqueFd(::dup(terminal_.get())));
        EXPECT_EQ(consent.ask(call_), std::nullopt);
        type(line);
        return consent.take();
    }

    Screen screen_;
    UniqueFd terminal_;
    UniqueFd keys_;
    event::Tool call_{.call = "c1",
                      .name = "taglib_write_tags",
                      .state = event::Tool::State::asks,
                      .arguments = {{"path", "/a.mp3"}, {"tags", {{"title", "x"}}}}};
};

constexpr const char* question =
    R"([err]taglib_write_tags path=/a.mp3 tags={"title":"x"}: allow? [y]es, [n]o, [a]ll )";

TEST_F(ConsentTest, AsksWithAllThatWouldBeDone) {
    Consent consent(screen_, std::move(terminal_));
    EXPECT_EQ(consent.fd(), -1);
    EXPECT_EQ(consent.ask(call_), std::nullopt);
    EXPECT_EQ(shown(), question);
    EXPECT_TRUE(consent.asks_about("c1"));
    EXPECT_GE(consent.fd(), 0);
}

TEST_F(ConsentTest, TakesTheWordsThatItNamesInWhateverLetters) {
    for (const char* yes : {"y\n", "yes\n", " Y \n", "YES\r\n", "a\n", "all\n"}) {
        EXPECT_EQ(answer_to(yes), true) << yes;
    }
    for (const char* no : {"n\n", "no\n", "NO\n"}) {
        EXPECT_EQ(answer_to(no), false) << no;
    }
}

TEST_F(ConsentTest, AsksAgainForAnythingElse) {
    for (const char* other : {"\n", "yy\n", "yes please\n", "ja\n"}) {
        EXPECT_EQ(answer_to(other), std::nullopt) << other;
        EXPECT_THAT(shown(), HasSubstr("y, n or a? ")) << other;
    }
    EXPECT_EQ(answer_to("what\ny\n"), true);
}

TEST_F(ConsentTest, WaitsForTheWholeLine) {
    Consent consent(screen_, std::move(terminal_));
    EXPECT_EQ(consent.ask(call_), std::nullopt);
    EXPECT_EQ(consent.take(), std::nullopt);
    type("ye");
    EXPECT_EQ(consent.take(), std::nullopt);
    type("s\n");
    EXPECT_EQ(consent.take(), true);
    EXPECT_EQ(consent.fd(), -1);
}

TEST_F(ConsentTest, AllIsAYesToEverythingAfterIt) {
    Consent consent(screen_, std::move(terminal_));
    EXPECT_EQ(consent.ask(call_), std::nullopt);
    type("a\n");
    EXPECT_EQ(consent.take(), true);
    static_cast<void>(shown());
    EXPECT_EQ(consent.ask(call_), true);
    EXPECT_EQ(shown(), "");
}

TEST_F(ConsentTest, TheEndOfTheTerminalIsANo) {
    Consent consent(screen_, std::move(terminal_));
    EXPECT_EQ(consent.ask(call_), std::nullopt);
    static_cast<void>(shown());
    keys_.reset();
    EXPECT_EQ(consent.take(), false);
    EXPECT_EQ(shown(), "[err]\n");
}

TEST_F(ConsentTest, StandsAgainBelowWhatIsWrittenMeanwhile) {
    Consent consent(screen_, std::move(terminal_));
    EXPECT_EQ(consent.ask(call_), std::nullopt);
    static_cast<void>(shown());
    consent.step_aside();
    consent.come_back();
    EXPECT_EQ(shown(), std::string("[err]\n") + (question + 5));
    consent.withdraw();
    consent.come_back();
    EXPECT_EQ(shown(), "[err]\n");
    type("y\n");
    EXPECT_EQ(consent.take(), std::nullopt);
}

}  // namespace
}  // namespace threadrunner::cli
