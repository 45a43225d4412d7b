#include "cli/input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/limits.h"
#include "base/unique_fd.h"

namespace threadrunner::cli {
namespace {

struct Ends {
    UniqueFd reader;
    UniqueFd writer;
};

Ends a_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

TEST(Input, APipeIsReadToItsEnd) {
    auto [reader, writer] = a_pipe();
    const std::jthread slow_writer([&writer] {
        for (const std::string_view part : {"a", "b\n"}) {
            EXPECT_EQ(::write(writer.get(), part.data(), part.size()),
                      static_cast<ssize_t>(part.size()));
        }
        writer.reset();
    });
    EXPECT_EQ(read_input(reader.get(), {}).value(), "ab\n");
}

TEST(Input, AnEmptyPipeIsEmptyAndADeviceIsNone) {
    auto [reader, writer] = a_pipe();
    writer.reset();
    EXPECT_EQ(read_input(reader.get(), {}).value(), "");
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(read_input(null.get(), {}).value(), std::nullopt);
    EXPECT_EQ(read_input(-1, {}).value(), std::nullopt);
}

TEST(Input, APipeThatStaysOpenIsATimeoutWhereOneIsSet) {
    const auto [reader, writer] = a_pipe();
    const auto input =
        read_input(reader.get(), {.until = Clock::now() + std::chrono::milliseconds(20)});
    ASSERT_FALSE(input.has_value());
    EXPECT_EQ(input.error().code, ErrorCode::timeout);
}

TEST(Input, ASilentSocketBesideWordsIsNoInput) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd here(ends[0]);
    const UniqueFd silent(ends[1]);
    EXPECT_EQ(read_input(here.get(), {}).value(), std::nullopt);
}

TEST(Input, MoreThanARequestHoldsIsRefused) {
    ::signal(SIGPIPE, SIG_IGN);
    auto [reader, writer] = a_pipe();
    const std::jthread flood([&writer] {
        const std::string block(limits::mib, 'x');
        for (int i = 0; i < 17 && ::write(writer.get(), block.data(), block.size()) > 0; ++i) {
        }
        writer.reset();
    });
    const auto input = read_input(reader.get(), {});
    reader.reset();
    ASSERT_FALSE(input.has_value());
    EXPECT_EQ(input.error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace threadrunner::cli
