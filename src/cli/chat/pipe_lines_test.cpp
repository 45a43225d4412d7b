#include "cli/chat/pipe_lines.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace threadrunner::cli {
namespace {

std::vector<std::string> lines_of(std::string_view input) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const UniqueFd reader(ends[0]);
    {
        const UniqueFd writer(ends[1]);
        EXPECT_EQ(::write(writer.get(), input.data(), input.size()),
                  static_cast<ssize_t>(input.size()));
    }
    PipeLines source(reader.get());
    std::vector<std::string> out;
    for (Line line = source.read(false); line.how != Line::How::end; line = source.read(false)) {
        EXPECT_EQ(line.how, Line::How::line);
        out.push_back(line.text);
    }
    return out;
}

using Lines = std::vector<std::string>;

TEST(PipeLines, ALastLineWithoutItsBreakCounts) {
    EXPECT_EQ(lines_of("one\n\ntwo\r\nthree"), (Lines{"one", "", "two", "three"}));
    EXPECT_EQ(lines_of("one\n"), (Lines{"one"}));
    EXPECT_EQ(lines_of(""), Lines{});
}

TEST(PipeLines, BytesThatAreNoTextAreRepaired) {
    EXPECT_EQ(lines_of("caf\xE9\n"), (Lines{"caf\uFFFD"}));
}

TEST(PipeLines, ADescriptorThatCannotBeReadIsAFailure) {
    const UniqueFd directory(::open("/", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(PipeLines(directory.get()).read(false).how, Line::How::failed);
}

}  // namespace
}  // namespace threadrunner::cli
