#include "daemon/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

using testing::IsEmpty;
using testing::MatchesRegex;

/// A service manager in the environment of the process.
class ServiceManagerTest : public testing::Test {
protected:
    ServiceManagerTest() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(inbox_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ~ServiceManagerTest() override {
        for (const char* name : names) {
            EXPECT_EQ(std::getenv(name), nullptr) << name << " is left to workers";
            ::unsetenv(name);
        }
    }

    static void say(const char* name, const std::string& value) {
        ::setenv(name, value.c_str(), 1);
    }

    [[nodiscard]] std::string heard() const {
        std::array<char, 256> text{};
        const ssize_t size = ::recv(inbox_.get(), text.data(), text.size(), MSG_DONTWAIT);
        return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
    }

    static constexpr std::array names = {"LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES",
                                         "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    ScratchDirectory directory_;
    std::filesystem::path path_ = directory_ / "notify";
    UniqueFd inbox_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(ServiceManagerTest, WithoutOneNothingIsSaidAndNothingExpected) {
    auto manager = ServiceManager::find();
    ASSERT_TRUE(manager);
    manager->ready();
    EXPECT_THAT(manager->take_sockets(), IsEmpty());
    EXPECT_FALSE(manager->alive_every());
    EXPECT_EQ(heard(), "nothing");
}

TEST_F(ServiceManagerTest, HearsHowWeAre) {
    say("NOTIFY_SOCKET", path_.string());
    auto manager = ServiceManager::find();
    ASSERT_TRUE(manager);
    manager->ready();
    EXPECT_EQ(heard(), "READY=1");
    manager->reloading();
    EXPECT_THAT(heard(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
    manager->stopping();
    EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, IsToldTwiceWithinItsTimeThatWeLive) {
    say("NOTIFY_SOCKET", path_.string());
    say("WATCHDOG_USEC", "3000000");
    say("WATCHDOG_PID", std::to_string(::getpid()));
    auto manager = ServiceManager::find();
    ASSERT_TRUE(manager && manager->alive_every());
    EXPECT_EQ(manager->alive_every()->count(), 1'500'000);
    manager->alive();
    EXPECT_EQ(heard(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, WhatIsMeantForAnotherProcessIsNotOurs) {
    say("NOTIFY_SOCKET", path_.string());
    say("WATCHDOG_USEC", "3000000");
    say("WATCHDOG_PID", "1");
    say("LISTEN_PID", "1");
    say("LISTEN_FDS", "1");
    say("LISTEN_FDNAMES", "daemon");
    auto manager = ServiceManager::find();
    ASSERT_TRUE(manager);
    EXPECT_FALSE(manager->alive_every());
    EXPECT_THAT(manager->take_sockets(), IsEmpty());
}

}  // namespace
}  // namespace threadrunner
