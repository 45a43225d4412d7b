#include "base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/paths.h"
#include "base/scratch_directory.h"
#include "base/unique_fd.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

log::Options filtered(std::string_view filter) {
    return {.file = log::Filter::parse(filter).value(), .console = log::Filter(log::Level::off)};
}

/// All that the log's files in a directory hold.
std::string written_in(const fs::path& directory) {
    std::string all;
    for (const auto& entry : fs::directory_iterator(directory)) {
        std::ifstream file(entry.path());
        all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
}

TEST(Log, KeepsWhatItsFilterAsksFor) {
    const ScratchDirectory directory;
    ASSERT_TRUE(log::open(directory / "", filtered("warn,threadrunner_engine=debug")));
    log::debug("engine", "loaded {} tensors", 236);
    log::info("daemon", "unwanted");
    log::error("daemon", "wanted");
    log::close();
    EXPECT_THAT(written_in(directory / ""),
                AllOf(HasSubstr("engine: loaded 236 tensors\n"), HasSubstr("daemon: wanted\n"),
                      Not(HasSubstr("unwanted"))));
}

TEST(Log, ALineOfOthersCannotForgeLinesOfOurs) {
    const ScratchDirectory directory;
    ASSERT_TRUE(log::open(directory / "", filtered("info")));
    log::info("daemon", "{}", "model 'x\n2026-01-01 forged\x1b[2J'");
    log::close();
    EXPECT_THAT(written_in(directory / ""), HasSubstr("model 'x\\n2026-01-01 forged\\x1b[2J'\n"));
}

TEST(Log, AnyDirectoryNameHoldsALog) {
    const ScratchDirectory directory;
    const fs::path odd = directory / "100% {of} %Y}";
    fs::create_directory(odd);
    ASSERT_TRUE(log::open(odd, filtered("info")));
    log::info("daemon", "here");
    log::close();
    EXPECT_THAT(written_in(odd), HasSubstr("daemon: here\n"));
}

TEST(Log, AStderrThatIsTheLogHoldsEachLineOnce) {
    const ScratchDirectory directory;
    const Home home{directory / ""};
    ASSERT_TRUE(create_home(home));
    const UniqueFd log_file(
        ::open(home.log_file_today().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const UniqueFd stderr_before(::dup(STDERR_FILENO));
    ::dup2(log_file.get(), STDERR_FILENO);
    const auto opened = log::open(home.logs(), log::Options{});
    log::error("daemon", "once");
    log::close();
    ::dup2(stderr_before.get(), STDERR_FILENO);
    ASSERT_TRUE(opened);
    const std::string written = written_in(home.logs());
    EXPECT_THAT(written, HasSubstr("daemon: once\n"));
    EXPECT_EQ(written.find("once"), written.rfind("once"));
}

TEST(Log, TakesOverOtherOptionsFromTheNextLineOn) {
    const ScratchDirectory directory;
    ASSERT_TRUE(log::open(directory / "", filtered("warn")));
    log::info("daemon", "too early");
    log::Options options = filtered("debug");
    options.json = true;
    log::reconfigure(options);
    log::debug("daemon", "in \"time\"");
    log::close();
    EXPECT_THAT(written_in(directory / ""),
                AllOf(HasSubstr(R"("target":"daemon","message":"in \"time\""})"),
                      Not(HasSubstr("too early"))));
}

TEST(Log, ADirectoryThatCannotBeWrittenIsNamed) {
    const ScratchDirectory directory;
    const auto opened = log::open(directory.write("file", "") / "below", filtered("info"));
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("file/below"));
    log::info("daemon", "goes nowhere, and nothing breaks");
    log::close();
}

}  // namespace
}  // namespace threadrunner
