#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/settings.h"
#include "base/text.h"
#include "cli/completion.h"
#include "cli/option_table.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Help, TeachesByExampleFirst) {
    EXPECT_THAT(help_text(), StartsWith("  threadrunner \"Why is the sky blue?\"\n"));
}

TEST(Help, NamesEveryCommandAndOption) {
    for (const CommandSpec& command : command_table()) {
        EXPECT_THAT(help_text(), HasSubstr("\n  " + std::string(command.name)));
        EXPECT_THAT(help_text(command), StartsWith("  ")) << command.name;
    }
    for (const OptionSpec& option : option_table()) {
        EXPECT_THAT(help_text(), HasSubstr(std::string(option.name)));
    }
}

TEST(Help, OfACommandHoldsOnlyItsOptions) {
    const std::string help = help_text(spec_of(Command::logs));
    EXPECT_THAT(help, HasSubstr("-f, --follow"));
    EXPECT_THAT(help, Not(HasSubstr("--temperature")));
}

TEST(Help, FitsATerminal) {
    std::istringstream lines(help_text() + help_text(spec_of(Command::ask)));
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 100U) << line;
    }
}

TEST(Completion, KnowsEveryCommandAndOptionInEveryShell) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string script = completion_script(shell);
        for (const CommandSpec& command : command_table()) {
            EXPECT_THAT(script, HasSubstr(std::string(command.name))) << shell;
        }
        for (const OptionSpec& option : option_table()) {
            EXPECT_THAT(script, HasSubstr(std::string(option.name.substr(2)))) << shell;
        }
        for (const SettingRow& row : settings_table()) {
            EXPECT_THAT(script, HasSubstr(std::string(row.key))) << shell;
        }
        EXPECT_THAT(script, Not(HasSubstr("%"))) << shell;
    }
}

}  // namespace
}  // namespace threadrunner::cli
