#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "cli/command_table.h"
#include "cli/option_table.h"

namespace threadrunner::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Invocation routed(std::vector<std::string> arguments) {
    auto out = route_arguments(std::move(arguments));
    EXPECT_TRUE(out.has_value()) << out.error().message;
    return out.value_or(Invocation{});
}

std::string refused(std::vector<std::string> arguments) {
    const auto out = route_arguments(std::move(arguments));
    EXPECT_FALSE(out.has_value());
    EXPECT_EQ(out.error().exit_code, ExitCode::usage);
    return out ? "" : out.error().message;
}

TEST(Arguments, WordsAreAPrompt) {
    const auto out = routed({"Why", "is the", "sky blue?"});
    EXPECT_EQ(out.command, Command::ask);
    EXPECT_THAT(out.words, ElementsAre("Why", "is the", "sky blue?"));
}

TEST(Arguments, ACommandIsOneOnlyWhereItsGrammarFits) {
    EXPECT_EQ(routed({"status"}).command, Command::status);
    EXPECT_EQ(routed({"status", "quo", "of", "physics"}).command, Command::ask);
    EXPECT_EQ(routed({"stop", "talking"}).command, Command::ask);
    EXPECT_EQ(routed({"help", "me", "write"}).command, Command::ask);
    EXPECT_EQ(routed({"help", "logs"}).command, Command::help);
    EXPECT_EQ(routed({"load", "the", "washing", "machine"}).command, Command::ask);
    EXPECT_EQ(routed({"load", "gemma"}).command, Command::load);
    EXPECT_EQ(routed({"bench", "gemma", "--streams", "2"}).command, Command::bench);
    EXPECT_EQ(routed({"bench", "press", "or", "squat"}).command, Command::ask);
    EXPECT_EQ(routed({"cancel", "culture"}).command, Command::ask);
    EXPECT_EQ(routed({"cancel", "j7"}).command, Command::cancel);
    EXPECT_EQ(routed({"tool", "up", "for", "spring"}).command, Command::ask);
    EXPECT_EQ(routed({"tool", "call", "text", "grep", "a=b"}).command, Command::tool);
    EXPECT_EQ(routed({"tags", "of", "my", "records"}).command, Command::ask);
    EXPECT_EQ(routed({"tags", "set", "the", "tone"}).command, Command::ask);
    EXPECT_EQ(routed({"tags", "song.mp3"}).command, Command::tags);
    EXPECT_EQ(routed({"tags", "set", "title=x"}).command, Command::tags) << "without its files";
    EXPECT_EQ(routed({"tags", "set", "title=x", "./song.mp3"}).command, Command::tags);
    EXPECT_EQ(routed({"detokenize", "1", "22"}).command, Command::detokenize);
    EXPECT_EQ(routed({"detokenize", "this"}).command, Command::ask);
    EXPECT_EQ(routed({"config"}).command, Command::config);
    EXPECT_EQ(routed({"config", "get", "worker.idle"}).command, Command::config);
    EXPECT_EQ(routed({"config", "set", "worker.idle", "-1"}).command, Command::config);
    EXPECT_EQ(routed({"config", "set", "modle"}).command, Command::config);
    EXPECT_EQ(routed({"config", "get", "me", "coffee"}).command, Command::ask);
    EXPECT_EQ(routed({"config", "set", "up", "a", "router"}).command, Command::ask);
    EXPECT_EQ(routed({"completion", "zsh"}).command, Command::completion);
    EXPECT_EQ(routed({"completion", "of", "works"}).command, Command::ask);
    EXPECT_EQ(routed({"version", "control"}).command, Command::ask);
}

TEST(Arguments, APromptThatIsNoCommandKeepsItsFirstWord) {
    EXPECT_THAT(routed({"stop", "talking"}).words, ElementsAre("stop", "talking"));
}

TEST(Arguments, AskAndTheMarkForceAPrompt) {
    EXPECT_THAT(routed({"ask", "status"}).words, ElementsAre("status"));
    EXPECT_EQ(routed({"ask", "status"}).command, Command::ask);
    EXPECT_EQ(routed({"--", "status"}).command, Command::ask);
    EXPECT_THAT(routed({"--", "ask", "me"}).words, ElementsAre("ask", "me"));
    EXPECT_THAT(routed({"-m", "x", "--", "stop"}).words, ElementsAre("stop"));
    EXPECT_THAT(routed({"ask", "--", "--help", "--"}).words, ElementsAre("--help", "--"));
}

TEST(Arguments, CommandsTakeWordsAfterTheMark) {
    const auto out = routed({"tokenize", "--", "-x", "y"});
    EXPECT_EQ(out.command, Command::tokenize);
    EXPECT_THAT(out.words, ElementsAre("-x", "y"));
}

TEST(Arguments, OptionsMayStandAnywhere) {
    for (const auto& line : std::vector<std::vector<std::string>>{
             {"--seed", "7", "-m", "x", "a", "b"},
             {"a", "--seed=7", "b", "-mx"},
             {"a", "b", "--model=x", "--seed", "7"},
         }) {
        const auto out = routed(line);
        EXPECT_THAT(out.words, ElementsAre("a", "b"));
        EXPECT_EQ(out.options.model, "x");
        EXPECT_EQ(out.options.request, (wire::Json{{"seed", 7}}));
    }
}

TEST(Arguments, EveryGenerationOptionReachesTheRequest) {
    const auto out = routed({"--system", "Be brief.",    "--max-tokens", "9",       "--temperature",
                             "0.5",      "--top-p",      "0.9",          "--top-k", "40",
                             "--min-p",  "0.05",         "--seed",       "1",       "--stop",
                             "[a,b]",    "--stop",       "\n",           "--raw",   "--priority",
                             "batch",    "--keep-alive", "5m",           "hi"});
    EXPECT_EQ(out.options.request, (wire::Json{{"system", "Be brief."},
                                               {"max_tokens", 9},
                                               {"temperature", 0.5},
                                               {"top_p", 0.9},
                                               {"top_k", 40},
                                               {"min_p", 0.05},
                                               {"seed", 1},
                                               {"stop", {"[a,b]", "\n"}},
                                               {"raw", true},
                                               {"priority", "batch"},
                                               {"keep_alive", "5m"}}));
}

TEST(Arguments, ALaterOptionReplacesAnEarlierOne) {
    EXPECT_EQ(routed({"--seed", "1", "hi", "--seed", "2"}).options.request["seed"], 2);
}

TEST(Arguments, ValuesMayLookLikeOptionsListsOrBeEmpty) {
    EXPECT_EQ(routed({"--system", "--be brief", "hi"}).options.request["system"], "--be brief");
    EXPECT_EQ(routed({"--system", "[x]", "hi"}).options.request["system"], "[x]");
    const auto out = routed({"--system=", "hello", "world"});
    EXPECT_EQ(out.options.request["system"], "");
    EXPECT_THAT(out.words, ElementsAre("hello", "world"));
}

TEST(Arguments, WordsAreTakenAsTheyAre) {
    EXPECT_THAT(routed({"[1,2]", "{a}", "-", "-5", "a=b", ""}).words,
                ElementsAre("[1,2]", "{a}", "-", "-5", "a=b", ""));
}

TEST(Arguments, ATimeoutForEverIsNone) {
    EXPECT_EQ(routed({"--timeout", "-1", "hi"}).options.timeout, std::nullopt);
    EXPECT_EQ(routed({"--timeout", "250ms", "hi"}).options.timeout, std::chrono::milliseconds(250));
}

TEST(Arguments, ATypoIsAnsweredWithTheRightName) {
    EXPECT_THAT(refused({"--modle", "x", "hi"}), HasSubstr("did you mean --model?"));
    EXPECT_THAT(refused({"--max-token=3", "hi"}), HasSubstr("did you mean --max-tokens?"));
    EXPECT_THAT(refused({"--frobnicate", "hi"}), HasSubstr("go after --"));
}

TEST(Arguments, BadValuesNameTheOptionAndWhatItWants) {
    EXPECT_THAT(refused({"--temperature", "warm", "hi"}),
                HasSubstr("--temperature wants a number"));
    EXPECT_THAT(refused({"--top-p", "1.5", "hi"}), HasSubstr("from 0 to 1, not '1.5'"));
    EXPECT_THAT(refused({"--max-tokens", "1e3", "hi"}), HasSubstr("a whole number"));
    EXPECT_THAT(refused({"--max-tokens", "0", "hi"}), HasSubstr("--max-tokens"));
    EXPECT_THAT(refused({"--timeout", "soon", "hi"}), HasSubstr("--timeout"));
    EXPECT_THAT(refused({"--timeout", "0", "hi"}), HasSubstr("up to a year"));
    EXPECT_THAT(refused({"--keep-alive", "x", "hi"}), HasSubstr("--keep-alive"));
    EXPECT_THAT(refused({"--priority", "urgent", "hi"}), HasSubstr("'interactive' or 'batch'"));
    EXPECT_THAT(refused({"--stop", "", "hi"}), HasSubstr("--stop"));
    EXPECT_THAT(refused({"hi", "--model"}), HasSubstr("--model wants a value"));
    EXPECT_THAT(refused({"--json=perhaps", "hi"}), HasSubstr("--json takes no value"));
}

TEST(Arguments, AnOptionOfAnotherCommandIsRefusedByName) {
    EXPECT_THAT(refused({"logs", "-f", "my", "heart"}), HasSubstr("belong to 'ask', but to: logs"));
    EXPECT_THAT(refused({"status", "--temperature", "1"}), HasSubstr("belong to 'status'"));
}

TEST(Arguments, LogsTakesItsOwnOptions) {
    const auto out = routed({"logs", "-fn", "200"});
    EXPECT_EQ(out.command, Command::logs);
    EXPECT_TRUE(out.options.follow);
    EXPECT_EQ(out.options.lines, 200U);
    const auto sieved = routed({"logs", "--job", "j1", "--level", "WARN", "--since", "2m"});
    EXPECT_EQ(sieved.options.job, "j1");
    EXPECT_EQ(sieved.options.level, log::Level::warn);
    EXPECT_EQ(sieved.options.since, std::chrono::minutes(2));
    EXPECT_THAT(refused({"logs", "--level", "loud"}), HasSubstr("--level wants trace, debug"));
    EXPECT_THAT(refused({"serve", "--set", "worker.idel=1"}), HasSubstr("'worker.idle'?"));
}

TEST(Arguments, HelpAndVersionWinWhateverElseIsThere) {
    EXPECT_EQ(routed({"--help", "why", "oh"}).command, Command::help);
    EXPECT_THAT(routed({"--help", "why"}).words, IsEmpty());
    EXPECT_THAT(routed({"load", "-h"}).words, ElementsAre("load"));
    EXPECT_EQ(routed({"--version"}).command, Command::version);
    EXPECT_EQ(routed({"--", "--help"}).command, Command::ask);
}

TEST(Arguments, AWordThatIsNearlyACommandIsAskedWithAHint) {
    EXPECT_THAT(routed({"statsu"}).hint, HasSubstr("threadrunner status"));
    EXPECT_THAT(routed({"statsu", "quo"}).hint, IsEmpty());
    EXPECT_THAT(routed({"--", "statsu"}).hint, IsEmpty());
    EXPECT_THAT(routed({"Hello"}).hint, IsEmpty());
}

RC_GTEST_PROP(Arguments, WhateverStandsAfterTheMarkIsThePrompt,
              (const std::vector<std::string>& words)) {
    std::vector<std::string> line = {"--seed", "3", "--"};
    line.insert(line.end(), words.begin(), words.end());
    const auto out = route_arguments(line);
    RC_ASSERT(out.has_value());
    RC_ASSERT(out->command == Command::ask);
    RC_ASSERT(out->words == words);
}

TEST(Tables, EveryOptionBelongsSomewhereAndHasItsOwnName) {
    std::vector<std::string_view> names;
    for (const OptionSpec& option : option_table()) {
        EXPECT_NE(option.commands, 0U) << option.name;
        EXPECT_TRUE(option.name.starts_with("--"));
        names.push_back(option.name);
    }
    EXPECT_THAT(names,
                testing::WhenSorted(testing::ResultOf(
                    [](auto sorted) { return std::ranges::adjacent_find(sorted) == sorted.end(); },
                    testing::IsTrue())));
}

}  // namespace
}  // namespace threadrunner::cli
