#include "cli/answer_view.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "cli/json_view.h"
#include "cli/transcript.h"

namespace threadrunner::cli {
namespace {

constexpr Terminal a_pipe = {};
constexpr Terminal a_terminal = {
    .out = true, .err = true, .redraw = true, .colour = true, .utf8 = false, .columns = 40};

class AnswerViewTest : public testing::Test {
protected:
    void show(View& view, const Event& event) { view.show(event, document_, start_); }
    void show_late(View& view, const Event& event) {
        view.show(event, document_, start_ + limits::progress_after);
    }
    std::string shown() { return transcript(screen_); }

    Screen screen_;
    Clock::time_point start_ = Clock::time_point(std::chrono::hours(1));
    std::string document_ = R"({"ev":"token"})";
};

TEST_F(AnswerViewTest, TheAnswerAloneIsOnStdoutAndEndsInALineBreak) {
    AnswerView view(screen_, a_pipe, start_);
    show(view, event::Accepted{.job = "j1"});
    show(view, event::Load{.stage = "model", .fraction = 0.5});
    show(view, event::Token{.text = "Hello"});
    show(view, event::Token{.text = " there"});
    show(view, event::Done{});
    view.finish();
    EXPECT_EQ(shown(), "[out]Hello there\n");
}

TEST_F(AnswerViewTest, ReasoningIsShownBesideTheAnswerOrNotAtAll) {
    AnswerView silent(screen_, a_terminal, start_, {.think = Think::hide});
    show(silent, event::Reasoning{.text = "Hm."});
    show(silent, event::Token{.text = "Yes"});
    EXPECT_EQ(shown(), "[out]Yes");
    AnswerView by_default(screen_, a_pipe, start_);
    show(by_default, event::Reasoning{.text = "Hm."});
    EXPECT_EQ(shown(), "");
    AnswerView telling(screen_, a_pipe, start_, {.think = Think::show});
    show(telling, event::Reasoning{.text = "Hm."});
    show(telling, event::Token{.text = "Yes"});
    EXPECT_EQ(shown(), "[err]Hm.\n\n[out]Yes");
}

TEST_F(AnswerViewTest, ALineBreakAtTheEndIsNotDoubled) {
    AnswerView view(screen_, a_pipe, start_);
    show(view, event::Token{.text = "a\n"});
    show(view, event::Done{});
    EXPECT_EQ(shown(), "[out]a\n");
}

TEST_F(AnswerViewTest, AnEmptyAnswerIsEmpty) {
    AnswerView view(screen_, a_pipe, start_);
    show(view, event::Token{.text = ""});
    show(view, event::Done{});
    view.finish();
    EXPECT_EQ(shown(), "");
}

TEST_F(AnswerViewTest, TheBarIsGoneBeforeTheFirstToken) {
    AnswerView view(screen_, a_terminal, start_);
    show_late(view, event::Load{.stage = "model", .fraction = 0.25});
    EXPECT_EQ(shown(), "[err]\r\x1b[KLoading the model ####............ 25 %");
    show_late(view, event::Token{.text = "x"});
    EXPECT_EQ(shown(), "[err]\r\x1b[K[out]x");
}

TEST_F(AnswerViewTest, AnAnswerCannotCommandTheTerminalButPipesGetItWhole) {
    AnswerView on_terminal(screen_, a_terminal, start_);
    show(on_terminal, event::Token{.text = "\x1b[2J"});
    EXPECT_EQ(shown(), "[out]␛[2J");
    AnswerView piped(screen_, a_pipe, start_);
    show(piped, event::Token{.text = "\x1b[2J"});
    EXPECT_EQ(shown(), "[out]\x1b[2J");
}

TEST_F(AnswerViewTest, ReasoningIsDimOnATerminalAndNowhereElse) {
    AnswerView on_terminal(screen_, a_terminal, start_);
    show(on_terminal, event::Reasoning{.text = "hm"});
    show(on_terminal, event::Reasoning{.text = "m"});
    show(on_terminal, event::Token{.text = "Yes"});
    EXPECT_EQ(shown(), "[err]\x1b[2mhmm\x1b[0m\n\n[out]Yes");
    AnswerView piped(screen_, a_pipe, start_);
    show(piped, event::Reasoning{.text = "hm"});
    EXPECT_EQ(shown(), "");
}

TEST_F(AnswerViewTest, ReasoningWithoutColoursStaysPlain) {
    Terminal plain = a_terminal;
    plain.colour = false;
    AnswerView view(screen_, plain, start_);
    show(view, event::Reasoning{.text = "hm"});
    show(view, event::Token{.text = "Yes"});
    EXPECT_EQ(shown(), "[err]hm\n\n[out]Yes");
}

TEST_F(AnswerViewTest, WithoutStreamingTheAnswerComesAtItsEnd) {
    AnswerView view(screen_, a_pipe, start_, {.pace = AnswerView::Pace::at_the_end});
    show(view, event::Token{.text = "a"});
    show(view, event::Token{.text = "b"});
    EXPECT_EQ(shown(), "");
    show(view, event::Done{});
    EXPECT_EQ(shown(), "[out]ab\n");
}

TEST_F(AnswerViewTest, APersonLearnsThatAnAnswerWasCut) {
    AnswerView view(screen_, a_terminal, start_);
    show(view, event::Token{.text = "a"});
    show(view,
         event::Done{.reason = event::Reason::length, .usage = event::Usage{.completion = 1}});
    EXPECT_EQ(shown(),
              "[out]a\n[err]\x1b[2m(cut after 1 tokens: --max-tokens allows more)\x1b[0m\n");
}

TEST_F(AnswerViewTest, AnAnswerThatBreaksOffLeavesTheCursorOnItsOwnLine) {
    AnswerView view(screen_, a_terminal, start_);
    show(view, event::Token{.text = "half"});
    show(view, Error{.code = ErrorCode::worker_crashed, .message = "gone"});
    view.finish();
    EXPECT_EQ(shown(), "[out]half\n");
}

TEST_F(AnswerViewTest, AThousandTokensThatArriveTogetherAreOnePiece) {
    AnswerView view(screen_, a_pipe, start_);
    for (int i = 0; i < 1000; ++i) {
        show(view, event::Token{.text = "x"});
    }
    EXPECT_EQ(screen_.pieces().size(), 1U);
}

TEST_F(AnswerViewTest, VectorsAreOneDocumentALine) {
    AnswerView view(screen_, a_pipe, start_);
    show(view, event::Output{.value = {0.5, 1}});
    show(view, event::Output{.value = {2}});
    EXPECT_EQ(shown(), "[out][0.5,1]\n[2]\n");
}

TEST_F(AnswerViewTest, EventsForProgramsAreAsTheyCameOneALine) {
    JsonEventsView view(screen_, a_pipe);
    show(view, event::Token{.text = "x"});
    document_ = "{\n\"ev\": \"token\"}";
    show(view, event::Token{.text = "y"});
    EXPECT_EQ(shown(), "[out]{\"ev\":\"token\"}\n{\"ev\":\"token\",\"text\":\"y\"}\n");
}

class ToolLinesTest : public AnswerViewTest {
protected:
    event::Tool call_{.call = "c1", .name = "text_grep", .arguments = {{"path", "/w/a"}}};
    event::Tool done_{.call = "c1", .name = "text_grep", .state = event::Tool::State::done};
};

TEST_F(ToolLinesTest, ACallIsProgressWhileItRunsAndALineOnceItIsDone) {
    AnswerView view(screen_, a_terminal, start_);
    show_late(view, call_);
    EXPECT_EQ(shown(), "[err]\r\x1b[Ktext_grep path=/w/a");
    show_late(view, done_);
    EXPECT_EQ(shown(), "[err]\r\x1b[K\x1b[2mtext_grep path=/w/a done\x1b[0m\n");
}

TEST_F(ToolLinesTest, AFailureAndARefusalSayWhy) {
    Terminal plain = a_terminal;
    plain.colour = false;
    plain.redraw = false;
    AnswerView view(screen_, plain, start_);
    show_late(view, call_);
    show_late(view, event::Tool{.call = "c1",
                                .name = "text_grep",
                                .state = event::Tool::State::failed,
                                .message = "no such \x1b file"});
    EXPECT_EQ(shown(), "[err]text_grep path=/w/a failed: no such ␛ file\n");
    show_late(view, event::Tool{.call = "c2",
                                .name = "text_grep",
                                .state = event::Tool::State::refused,
                                .message = "no writing"});
    EXPECT_EQ(shown(), "[err]text_grep refused: no writing\n");
}

TEST_F(ToolLinesTest, ALongCallIsCutToTheTerminalButKeepsHowItEnded) {
    AnswerView view(screen_, a_terminal, start_);
    call_.arguments["pattern"] = std::string(500, 'x');
    show_late(view, call_);
    EXPECT_EQ(shown(), "[err]\r\x1b[Ktext_grep path=/w/a pattern=xxxxxxxx...");
    show_late(view, done_);
    EXPECT_EQ(shown(), "[err]\r\x1b[K\x1b[2mtext_grep path=/w/a pattern=xxx... done\x1b[0m\n");
}

TEST_F(ToolLinesTest, TheyStandOnLinesOfTheirOwnAndTheAnswerGoesOnBelow) {
    AnswerView view(screen_, a_terminal, start_);
    show(view, event::Token{.text = "Let me see."});
    show(view, call_);
    show(view, done_);
    show(view, event::Token{.text = "Two."});
    show(view, event::Done{});
    EXPECT_EQ(shown(),
              "[out]Let me see.\n[err]\x1b[2mtext_grep path=/w/a done\x1b[0m\n[out]Two.\n");
}

TEST_F(ToolLinesTest, AnAnswerThatEndsWithACallAddsNoEmptyLine) {
    AnswerView view(screen_, a_terminal, start_);
    show(view, event::Token{.text = "Let me see."});
    show(view, call_);
    show(view, done_);
    show(view, event::Done{.reason = event::Reason::tool_calls});
    EXPECT_EQ(shown(),
              "[out]Let me see.\n[err]\x1b[2mtext_grep path=/w/a done\x1b[0m\n"
              "\x1b[2m(ended with calls of tools still to come: --tool-rounds allows more)"
              "\x1b[0m\n");
}

TEST_F(ToolLinesTest, APipeGetsTheAnswerAloneEachSayingOnItsOwnLine) {
    AnswerView view(screen_, a_pipe, start_);
    show(view, event::Token{.text = "Let me see."});
    show_late(view, call_);
    show_late(view, done_);
    show(view, event::Token{.text = "Two."});
    show(view, event::Done{});
    EXPECT_EQ(shown(), "[out]Let me see.\nTwo.\n");
    AnswerView whole(screen_, a_pipe, start_, {.pace = AnswerView::Pace::at_the_end});
    show(whole, event::Token{.text = "Let me see."});
    show(whole, call_);
    show(whole, event::Token{.text = "Two."});
    show(whole, event::Done{});
    EXPECT_EQ(shown(), "[out]Let me see.\nTwo.\n");
}

TEST_F(ToolLinesTest, ASummaryHoldsEachCallOnceWithHowItEnded) {
    JsonSummaryView view(screen_, a_pipe);
    show(view, call_);
    done_.result = {{"ok", true}};
    show(view, done_);
    show(view, event::Tool{.call = "c2",
                           .name = "text_grep",
                           .state = event::Tool::State::refused,
                           .message = "no"});
    show(view, event::Done{});
    const auto summary = wire::decode_json(std::string_view(shown()).substr(5));
    ASSERT_TRUE(summary.has_value());
    EXPECT_EQ(
        summary->at("tools"),
        (wire::Json{
            {{"call", "c1"},
             {"name", "text_grep"},
             {"state", "done"},
             {"arguments", {{"path", "/w/a"}}},
             {"result", {{"ok", true}}}},
            {{"call", "c2"}, {"name", "text_grep"}, {"state", "refused"}, {"message", "no"}}}));
}

TEST_F(AnswerViewTest, ASummaryHoldsTheWholeJob) {
    JsonSummaryView view(screen_, a_pipe);
    show(view, event::Reasoning{.text = "hm"});
    show(view, event::Token{.text = "a"});
    show(view, event::Token{.text = "b"});
    show(view, event::Done{.reason = event::Reason::length,
                           .usage = event::Usage{.prompt = 2, .completion = 2}});
    EXPECT_EQ(shown(),
              "[out]{\"ev\":\"done\",\"reason\":\"length\",\"reasoning\":\"hm\",\"text\":\"ab\","
              "\"usage\":{\"cached\":0,\"completion\":2,\"prompt\":2}}\n");
}

}  // namespace
}  // namespace threadrunner::cli
