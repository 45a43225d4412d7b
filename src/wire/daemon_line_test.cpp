#include "wire/daemon_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace threadrunner::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DaemonLineTest : public testing::Test {
protected:
    DaemonLineTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
        daemon_ = UniqueFd(ends[0]);
        worker_ = UniqueFd(ends[1]);
    }

    void say(std::string_view bytes) {
        ASSERT_EQ(::send(daemon_.get(), bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
    }

    Result<void> read(DaemonLine& line) {
        return line.read([this](std::string_view payload) -> Result<void> {
            heard_.emplace_back(payload);
            return payload == "bad" ? fail(ErrorCode::invalid_request, "that is bad")
                                    : Result<void>();
        });
    }

    UniqueFd daemon_;
    UniqueFd worker_;
    std::vector<std::string> heard_;
};

TEST_F(DaemonLineTest, WholeFramesAreHandedOnAsTheyCome) {
    DaemonLine line(worker_.get());
    std::string frames;
    append_frame(frames, "one");
    append_frame(frames, "two");
    append_frame(frames, "three");
    say(frames.substr(0, frames.size() - 1));
    EXPECT_TRUE(read(line));
    EXPECT_THAT(heard_, ElementsAre("one", "two"));
    EXPECT_TRUE(read(line)) << "nothing more has come";
    say(frames.substr(frames.size() - 1));
    EXPECT_TRUE(read(line));
    EXPECT_THAT(heard_, ElementsAre("one", "two", "three"));
    EXPECT_TRUE(line.open());
}

TEST_F(DaemonLineTest, AFrameThatIsRefusedEndsTheReading) {
    DaemonLine line(worker_.get());
    std::string frames;
    append_frame(frames, "bad");
    append_frame(frames, "good");
    say(frames);
    EXPECT_EQ(read(line).error().message, "that is bad");
    EXPECT_THAT(heard_, ElementsAre("bad"));
}

TEST_F(DaemonLineTest, BytesThatAreNoFrameAreAnError) {
    DaemonLine line(worker_.get());
    say(std::string(8, '\0'));
    EXPECT_THAT(read(line).error().message, HasSubstr("length 0"));
    EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(DaemonLineTest, ADaemonThatIsGoneIsSeen) {
    DaemonLine line(worker_.get());
    daemon_.reset();
    EXPECT_TRUE(read(line));
    EXPECT_FALSE(line.open());
}

TEST_F(DaemonLineTest, WhoStartsAWorkerByHandIsToldWhoDoesSo) {
    EXPECT_TRUE(DaemonLine::check(worker_.get()));
    EXPECT_THAT(DaemonLine::check(-1).error().message, HasSubstr("threadrunner-daemon starts"));
}

}  // namespace
}  // namespace threadrunner::wire
