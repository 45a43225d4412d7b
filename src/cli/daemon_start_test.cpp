#include "cli/daemon_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/scratch_directory.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

/// A daemon in a few lines: it notes that it started, listens, says so and accepts.
constexpr std::string_view listening_daemon = R"(#!/usr/bin/env python3
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen(64)
with open(os.environ["THREADRUNNER_HOME"] + "/started", "a") as note:
    fds = sorted(os.listdir('/proc/self/fd'))
    note.write(f"{os.getpid()} {os.getsid(0)} {os.getcwd()} {fds}\n")
os.write(int(sys.argv[4]), b"ready\n")
os.close(int(sys.argv[4]))
listener.settimeout(60)
connections = []
while True:
    connections.append(listener.accept())
)";

class DaemonStart : public testing::Test {
protected:
    ~DaemonStart() override {
        for (const pid_t pid : started()) {
            ::kill(pid, SIGKILL);
        }
    }

    fs::path program(std::string_view text) const {
        fs::path path = directory_.write("daemon", text);
        fs::permissions(path, fs::perms::owner_all);
        return path;
    }

    std::string notes() const {
        std::ifstream file(address_.home.root / "started");
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::vector<pid_t> started() const {
        std::ifstream file(address_.home.root / "started");
        std::vector<pid_t> out;
        for (std::string line; std::getline(file, line);) {
            out.push_back(static_cast<pid_t>(std::stol(line)));
        }
        return out;
    }

    Result<UniqueFd> start(std::string_view daemon) const {
        return connect_or_start(address_, program(daemon), Clock::now() + std::chrono::seconds(60));
    }

    ScratchDirectory directory_;
    DaemonAddress address_{.home = Home{directory_ / "home"},
                           .socket = directory_ / "home/run/daemon.sock"};
};

TEST_F(DaemonStart, ADaemonIsStartedWhenNoneRuns) {
    const auto connected = start(listening_daemon);
    ASSERT_TRUE(connected.has_value()) << connected.error().message;
    EXPECT_TRUE(static_cast<bool>(*connected));
}

TEST_F(DaemonStart, TheDaemonHasItsOwnSessionAndNothingOfOurs) {
    const UniqueFd inherited(::dup(0));
    ASSERT_TRUE(start(listening_daemon).has_value());
    const std::string pid = std::to_string(started().at(0));
    // 3 is the ready pipe, 4 its listener, 5 the note, 6 the directory that it lists
    EXPECT_EQ(notes(), pid + " " + pid + " / ['0', '1', '2', '3', '4', '5', '6']\n");
}

TEST_F(DaemonStart, ASecondCommandUsesTheDaemonThatRuns) {
    ASSERT_TRUE(start(listening_daemon).has_value());
    ASSERT_TRUE(start(listening_daemon).has_value());
    EXPECT_EQ(started().size(), 1U);
}

TEST_F(DaemonStart, TwentyCommandsAtOnceStartOneDaemon) {
    const fs::path daemon = program(listening_daemon);
    std::vector<int> connected(20, 0);
    {
        std::vector<std::jthread> commands;
        for (int& mine : connected) {
            commands.emplace_back([&, this] {
                const auto result =
                    connect_or_start(address_, daemon, Clock::now() + std::chrono::seconds(60));
                mine = result && *result ? 1 : 0;
            });
        }
    }
    EXPECT_EQ(std::ranges::count(connected, 1), 20);
    EXPECT_EQ(started().size(), 1U);
}

TEST_F(DaemonStart, TheDaemonsOwnWordsSayWhyItDidNotStart) {
    const auto connected = start("#!/bin/sh\necho 'error invalid_request bad settings' >&3\n");
    ASSERT_FALSE(connected.has_value());
    EXPECT_EQ(connected.error().code, ErrorCode::unreachable);
    EXPECT_EQ(connected.error().message, "the daemon did not start: bad settings");
}

TEST_F(DaemonStart, ADaemonThatIsEndingIsWaitedFor) {
    // The first finds the home taken; by the time of the second it is free.
    const std::string once_refused =
        "#!/bin/sh\n"
        "[ -e \"$0.refused\" ] && exec \"$0.real\" \"$@\"\n"
        "touch \"$0.refused\"\n"
        "echo 'error conflict another one is here' >&3\n";
    fs::permissions(directory_.write("daemon.real", listening_daemon), fs::perms::owner_all);
    const auto connected = start(once_refused);
    ASSERT_TRUE(connected.has_value()) << connected.error().message;
    EXPECT_TRUE(static_cast<bool>(*connected));
}

TEST_F(DaemonStart, ADaemonOfTheHomeAtAnotherSocketIsNamedAsThePossibleCause) {
    ASSERT_TRUE(create_home(address_.home).has_value());
    const auto held = try_lock(address_.home.daemon_lock());
    ASSERT_TRUE(held.has_value() && *held);
    const auto connected =
        connect_or_start(address_, program("#!/bin/sh\necho 'error conflict taken' >&3\n"),
                         Clock::now() + std::chrono::milliseconds(500));
    ASSERT_FALSE(connected.has_value());
    EXPECT_THAT(connected.error().message, HasSubstr("serves another socket"));
}

TEST_F(DaemonStart, ADaemonThatDiesWithoutAWordIsExplainedByItsLog) {
    const auto connected = start("#!/bin/sh\necho 'cannot open database' >&2\nexit 7\n");
    ASSERT_FALSE(connected.has_value());
    EXPECT_EQ(connected.error().code, ErrorCode::unreachable);
    EXPECT_THAT(connected.error().message, StartsWith("the daemon did not start (exit code 7)\n"));
    EXPECT_THAT(connected.error().message, HasSubstr("cannot open database"));
}

TEST_F(DaemonStart, ADaemonThatNeverGetsReadyIsEnded) {
    const auto connected = connect_or_start(address_, program("#!/bin/sh\nexec sleep 60\n"),
                                            Clock::now() + std::chrono::milliseconds(200));
    ASSERT_FALSE(connected.has_value());
    EXPECT_EQ(connected.error().code, ErrorCode::timeout);
}

TEST_F(DaemonStart, AProgramThatCannotRunIsAConnectionError) {
    const auto connected =
        connect_or_start(address_, directory_ / "none", Clock::now() + std::chrono::seconds(10));
    ASSERT_FALSE(connected.has_value());
    EXPECT_EQ(connected.error().code, ErrorCode::unreachable);
}

TEST_F(DaemonStart, AStaleSocketDoesNotKeepADaemonFromStarting) {
    ASSERT_TRUE(create_home(address_.home).has_value());
    {
        const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strncpy(name.sun_path, address_.socket.c_str(), sizeof(name.sun_path) - 1);
        ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
    }
    const auto nobody = connect_running(address_.socket, Clock::now());
    ASSERT_TRUE(nobody.has_value());
    EXPECT_FALSE(static_cast<bool>(*nobody));
}

TEST_F(DaemonStart, ADaemonWithAFullBacklogIsATimeoutAndNoHang) {
    ASSERT_TRUE(create_home(address_.home).has_value());
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, address_.socket.c_str(), sizeof(name.sun_path) - 1);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
    ASSERT_EQ(::listen(listener.get(), 0), 0);
    std::vector<UniqueFd> waiting;
    for (;;) {
        auto connected = connect_running(address_.socket, Clock::now());
        if (!connected) {
            EXPECT_EQ(connected.error().code, ErrorCode::timeout);
            break;
        }
        ASSERT_LT(waiting.size(), 16U);
        waiting.push_back(*std::move(connected));
    }
}

TEST_F(DaemonStart, TheFlagNamesTheHomeAndTheSocket) {
    const auto address = find_daemon_address(
        Options{.socket = "/tmp/x.sock", .home = (directory_ / "a/../b").string()});
    ASSERT_TRUE(address.has_value());
    EXPECT_EQ(address->home.root, directory_ / "b");
    EXPECT_EQ(address->socket, "/tmp/x.sock");
}

TEST_F(DaemonStart, ASocketPathThatTheSystemWouldCutIsRefused) {
    const auto address = find_daemon_address(Options{.socket = std::string(200, 'x')});
    ASSERT_FALSE(address.has_value());
    EXPECT_THAT(address.error().message, HasSubstr("too long"));
}

}  // namespace
}  // namespace threadrunner::cli
