#include "cli/chat/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/limits.h"
#include "base/scratch_directory.h"

namespace threadrunner::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HistoryFileTest : public testing::Test {
protected:
    [[nodiscard]] std::vector<std::string> kept() const { return HistoryFile(file_).load(); }

    ScratchDirectory directory_;
    std::filesystem::path file_ = directory_ / "chat_history";
};

TEST_F(HistoryFileTest, ComesBackInTheNextChatWithItsLines) {
    EXPECT_THAT(kept(), IsEmpty());
    HistoryFile first(file_);
    ASSERT_TRUE(first.add("Hello"));
    HistoryFile second(file_);
    ASSERT_TRUE(second.add("two\nlines \"ö\""));
    ASSERT_TRUE(first.add("last"));
    EXPECT_THAT(kept(), ElementsAre("Hello", "two\nlines \"ö\"", "last"));
}

TEST_F(HistoryFileTest, IsNobodyElsesToRead) {
    ASSERT_TRUE(HistoryFile(file_).add("secret"));
    struct stat status{};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(HistoryFileTest, DoesNotGrowForEver) {
    {
        std::ofstream stream(file_);
        for (std::size_t i = 0; i + 1 < 2 * limits::chat_history_entries_max; ++i) {
            stream << "\"" << i << "\"\n";
        }
    }
    HistoryFile history(file_);
    EXPECT_EQ(history.load().size(), limits::chat_history_entries_max);
    ASSERT_TRUE(history.add("newest"));
    std::ifstream stream(file_);
    std::size_t lines = 0;
    for (std::string line; std::getline(stream, line); ++lines) {
    }
    EXPECT_EQ(lines, limits::chat_history_entries_max);
    EXPECT_EQ(kept().back(), "newest");
    EXPECT_TRUE(history.add(std::string(limits::chat_history_entry_bytes_max, 'x')));
    EXPECT_EQ(kept().back(), "newest") << "what is too long is not kept";
}

TEST_F(HistoryFileTest, ADamagedFileLosesOnlyWhatIsDamaged) {
    std::ofstream(file_) << "\"one\"\n{\"no\n\n[1]\n\"two\"\n\"cut";
    EXPECT_THAT(kept(), ElementsAre("one", "two"));
}

TEST_F(HistoryFileTest, ADirectoryThatCannotBeWrittenIsAnError) {
    EXPECT_FALSE(HistoryFile("/nowhere/chat_history").add("a"));
}

}  // namespace
}  // namespace threadrunner::cli
