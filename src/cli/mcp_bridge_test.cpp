#include "cli/mcp_bridge.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <thread>

#include "cli/fake_daemon.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using wire::Json;

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
    }
    UniqueFd reader;
    UniqueFd writer;
};

/// The bridge, with a client that has said all it will and daemons that a test plays.
class McpBridgeTest : public testing::Test {
protected:
    McpBridgeTest() { ::signal(SIGPIPE, SIG_IGN); }

    Result<void> carry(const std::string& input, const std::function<void()>& daemons) {
        EXPECT_EQ(::write(stdin_.writer.get(), input.data(), input.size()),
                  static_cast<ssize_t>(input.size()));
        stdin_.writer.reset();
        const std::jthread other_side(daemons);
        Console console(stdout_.writer.get(), stderr_.writer.get());
        McpBridge bridge(stdin_.reader.get(), console, {{"v", 2}, {"op", "mcp"}},
                         [this]() -> Result<UniqueFd> {
                             if (connections_ >= daemons_.size()) {
                                 return fail(ErrorCode::unreachable, "no daemon is there");
                             }
                             return daemons_[connections_++].take_client();
                         });
        auto ended = bridge.run();
        EXPECT_TRUE(console.reader_left() || console.flush());
        return ended;
    }

    static std::string all_of(Pipe& pipe) {
        pipe.writer.reset();
        std::string out;
        std::array<char, 4096> buffer{};
        for (ssize_t size = 0;
             (size = ::read(pipe.reader.get(), buffer.data(), buffer.size())) > 0;) {
            out.append(buffer.data(), static_cast<std::size_t>(size));
        }
        return out;
    }

    static Json event(const Json& request, Json members) {
        members.update({{"v", 2}, {"id", request.at("id")}, {"seq", 2}});
        return members;
    }
    static void answer(FakeDaemon& daemon, const Json& request, const Json& value) {
        daemon.say(event(request, {{"ev", "output"}, {"value", value}}));
        daemon.say(event(request, {{"ev", "done"}, {"reason", "stop"}}));
    }

    std::array<FakeDaemon, 2> daemons_;
    std::size_t connections_ = 0;
    Pipe stdin_;
    Pipe stdout_;
    Pipe stderr_;
};

TEST_F(McpBridgeTest, LinesAreCarriedAsTheyAreAndAnswersInTheOrderOfTheirComing) {
    const auto ended = carry("{\"id\":1,\"method\":\"a\"}\n\n no json \r\nlast", [&] {
        FakeDaemon& daemon = daemons_[0];
        const Json first = daemon.next_request();
        const Json second = daemon.next_request();
        const Json third = daemon.next_request();
        EXPECT_EQ(first.at("message"), "{\"id\":1,\"method\":\"a\"}");
        EXPECT_EQ(second.at("message"), "no json");
        EXPECT_EQ(third.at("message"), "last") << "without a line's end";
        EXPECT_EQ(third.at("op"), "mcp");
        answer(daemon, second, {{"n", 2}});
        answer(daemon, first, {{"n", 1}});
        daemon.say(event(third, {{"ev", "done"}, {"reason", "stop"}}));
    });
    EXPECT_TRUE(ended);
    EXPECT_EQ(all_of(stdout_), "{\"n\":2}\n{\"n\":1}\n");
    EXPECT_EQ(all_of(stderr_), "");
}

TEST_F(McpBridgeTest, ADaemonThatEndsCostsWhatItWasAtAndNoMore) {
    const auto ended = carry("{\"id\":\"x\",\"method\":\"a\"}\n", [&] {
        EXPECT_EQ(daemons_[0].next_request().at("id"), 1);
        daemons_[0].close();
    });
    EXPECT_TRUE(ended);
    const auto lost = wire::decode_json(all_of(stdout_));
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->at("id"), "x");
    EXPECT_EQ(lost->at("error").at("code"), -32603);
}

TEST_F(McpBridgeTest, TheNextMessageGoesToTheNextDaemon) {
    Console console(stdout_.writer.get(), stderr_.writer.get());
    McpBridge bridge(
        stdin_.reader.get(), console, {{"v", 2}, {"op", "mcp"}},
        [this]() -> Result<UniqueFd> { return daemons_[connections_++].take_client(); });
    const std::jthread other_side([&] {
        const auto say = [&](const std::string& line) {
            EXPECT_GT(::write(stdin_.writer.get(), line.data(), line.size()), 0);
        };
        say("{\"id\":1,\"method\":\"a\"}\n");
        EXPECT_FALSE(daemons_[0].next_request().is_null());
        daemons_[0].close();
        std::array<char, 4096> lost{};
        EXPECT_GT(::read(stdout_.reader.get(), lost.data(), lost.size()), 0);
        say("{\"id\":2,\"method\":\"b\"}\n");
        stdin_.writer.reset();
        answer(daemons_[1], daemons_[1].next_request(), {{"n", 2}});
    });
    EXPECT_TRUE(bridge.run());
    EXPECT_TRUE(console.flush());
    EXPECT_EQ(all_of(stdout_), "{\"n\":2}\n");
}

TEST_F(McpBridgeTest, WhatTheDaemonRefusesIsAnErrorOfThatMessage) {
    const auto ended = carry("{\"id\":1,\"method\":\"a\"}\n{\"method\":\"b\"}\n", [&] {
        for (int i = 0; i < 2; ++i) {
            const Json request = daemons_[0].next_request();
            daemons_[0].say(event(request, {{"ev", "error"},
                                            {"code", "overloaded"},
                                            {"message", "too many"},
                                            {"retryable", true}}));
        }
    });
    EXPECT_TRUE(ended);
    EXPECT_THAT(all_of(stdout_), HasSubstr("\"id\":1"));
    EXPECT_EQ(all_of(stderr_), "threadrunner: too many\n") << "a notification has no answer";
}

TEST_F(McpBridgeTest, WithoutADaemonItSaysSo) {
    connections_ = daemons_.size();
    const auto ended = carry("", [] {});
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().message, "no daemon is there");
}

TEST_F(McpBridgeTest, AClientThatReadsNoMoreEndsIt) {
    stdout_.reader.reset();
    const auto ended = carry("{\"id\":1,\"method\":\"a\"}\n", [&] {
        EXPECT_TRUE(daemons_[0].next_request().is_null() || daemons_[0].next_request().is_null())
            << "it leaves, which cancels";
    });
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace threadrunner::cli
