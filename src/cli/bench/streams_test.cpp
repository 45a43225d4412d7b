#include "cli/bench/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "cli/fake_daemon.h"
#include "cli/interrupts.h"

namespace threadrunner::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class BenchStreams : public testing::Test {
protected:
    Result<std::vector<StreamTimes>> run(const std::function<void()>& daemon,
                                         StreamWaits waits = {.silence = 10s, .until = {}}) {
        UniqueFd client = daemon_.take_client();
        const std::jthread other_side(daemon);  // joined only after the connection has closed
        Connection connection(std::move(client));
        return run_streams(connection, {{{"prompt", "a"}}, {{"prompt", "b"}}}, 5, waits,
                           [this] { ++steps_; });
    }

    void say(int id, wire::Json event) {
        event["id"] = id;
        daemon_.say(event);
    }

    FakeDaemon daemon_;
    int steps_ = 0;
};

TEST_F(BenchStreams, EachStreamHasItsOwnTokensWhateverTheirOrder) {
    const auto times = run([&] {
        EXPECT_EQ(daemon_.next_request(), (wire::Json{{"prompt", "a"}, {"id", 5}}));
        EXPECT_EQ(daemon_.next_request(), (wire::Json{{"prompt", "b"}, {"id", 6}}));
        say(6, {{"ev", "accepted"}, {"job", "j2"}});
        say(6, {{"ev", "token"}, {"text", "x"}});
        say(5, {{"ev", "reasoning"}, {"text", "h"}});
        say(4, {{"ev", "token"}, {"text", "of an earlier one"}});
        say(6, {{"ev", "token"}, {"text", "y"}});
        say(6, {{"ev", "done"},
                {"reason", "stop"},
                {"usage", {{"prompt", 7}, {"cached", 3}, {"completion", 2}}}});
        say(5, {{"ev", "done"}, {"reason", "length"}});
    });
    ASSERT_TRUE(times.has_value()) << times.error().message;
    ASSERT_EQ(times->size(), 2U);
    EXPECT_EQ((*times)[0].tokens.size(), 1U);
    EXPECT_EQ((*times)[1].tokens.size(), 2U);
    EXPECT_LE((*times)[1].asked, (*times)[1].tokens[0]);
    EXPECT_LE((*times)[1].tokens[0], (*times)[1].tokens[1]);
    EXPECT_EQ((*times)[1].usage.cached, 3);
    EXPECT_GT(steps_, 0);
}

TEST_F(BenchStreams, AnErrorOfOneIsTheErrorOfAll) {
    const auto times = run([&] {
        say(6, {{"ev", "error"}, {"code", "out_of_memory"}, {"message", "it is too large"}});
    });
    ASSERT_FALSE(times.has_value());
    EXPECT_EQ(times.error().code, ErrorCode::out_of_memory);
    EXPECT_EQ(times.error().message, "it is too large");
}

TEST_F(BenchStreams, SilenceIsNotWaitedForForEver) {
    const auto times =
        run([&] { say(6, {{"ev", "token"}, {"text", "x"}}); }, {.silence = 200ms, .until = {}});
    ASSERT_FALSE(times.has_value());
    EXPECT_EQ(times.error().code, ErrorCode::timeout);
    EXPECT_THAT(times.error().message, HasSubstr("threadrunner logs"));
}

TEST_F(BenchStreams, TheTimeOfTheCommandLineHolds) {
    const auto times = run([&] { say(6, {{"ev", "token"}, {"text", "x"}}); },
                           {.silence = 10s, .until = Clock::now() + 200ms});
    ASSERT_FALSE(times.has_value());
    EXPECT_EQ(times.error().code, ErrorCode::timeout);
    EXPECT_THAT(times.error().message, HasSubstr("--timeout"));
}

TEST_F(BenchStreams, ADaemonThatGoesIsAnError) {
    const auto times = run([&] {
        daemon_.next_request();
        daemon_.next_request();
        daemon_.close();
    });
    ASSERT_FALSE(times.has_value());
    EXPECT_EQ(times.error().code, ErrorCode::unreachable);
}

}  // namespace
}  // namespace threadrunner::cli
