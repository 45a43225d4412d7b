#include "sandbox/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "base/scratch_directory.h"
#include "sandbox/landlock.h"
#include "sandbox/system_calls.h"

namespace threadrunner::sandbox {
namespace {

/// What a module could do that had broken out of WebAssembly, tried in a child that is confined to
/// two directories. Wasmtime itself is not asked here.
class ConfinementTest : public testing::Test {
protected:
    ConfinementTest() {
        std::filesystem::create_directory(scratch_ / "rw");
        std::filesystem::create_directory(scratch_ / "ro");
        scratch_.write("rw/file", "a");
        scratch_.write("ro/file", "b");
        scratch_.write("secret", "c");
    }

    /// Runs the attempt in a confined child: 0 where it succeeds, else its errno.
    template <class Attempt>
    int tried(Attempt attempt) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            const auto grants = open_grants({{.host = path("rw"), .guest = "/rw", .writable = true},
                                             {.host = path("ro"), .guest = "/ro"}});
            if (!grants || !give_up_privileges() || !confine(*grants)) {
                ::_exit(255);
            }
            errno = 0;
            ::_exit(attempt() >= 0 ? 0 : errno);
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    int opened(const char* name, int flags) {
        return tried([&] { return ::open(path(name).c_str(), flags | O_CLOEXEC, 0600); });
    }

    [[nodiscard]] std::string path(const char* name) const { return (scratch_ / name).string(); }

    ScratchDirectory scratch_;
};

class LandlockTest : public ConfinementTest {
    void SetUp() override {
        if (landlock_version() == 0) {
            GTEST_SKIP() << "this kernel has no Landlock";
        }
    }
};

class SystemCallsTest : public ConfinementTest {
    void SetUp() override {
        if (!can_filter_system_calls()) {
            GTEST_SKIP() << "this kernel filters no system calls";
        }
    }
};

TEST_F(ConfinementTest, WhatWasGrantedCanBeUsed) {
    EXPECT_EQ(opened("rw/file", O_RDWR), 0);
    EXPECT_EQ(opened("rw/new", O_WRONLY | O_CREAT), 0);
    EXPECT_EQ(opened("ro/file", O_RDONLY), 0);
    EXPECT_EQ(opened("ro", O_RDONLY | O_DIRECTORY), 0);
    EXPECT_EQ(tried([&] { return ::rename(path("rw/file").c_str(), path("rw/other").c_str()); }),
              0);
    EXPECT_EQ(tried([] {
                  std::thread([] {}).join();
                  return 0;
              }),
              0);
}

TEST_F(ConfinementTest, WhatItMakesIsForItsOwnerAlone) {
    ASSERT_EQ(tried([&] { return ::open(path("rw/new").c_str(), O_WRONLY | O_CREAT, 0666); }), 0);
    struct stat facts{};
    ASSERT_EQ(::stat(path("rw/new").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(LandlockTest, NothingElseCanBeOpened) {
    EXPECT_EQ(opened("secret", O_RDONLY), EACCES);
    EXPECT_EQ(opened("rw/../secret", O_RDONLY), EACCES);
    EXPECT_EQ(opened("new", O_WRONLY | O_CREAT), EACCES);
    EXPECT_EQ(tried([] { return ::open("/etc/passwd", O_RDONLY); }), EACCES);
    EXPECT_EQ(tried([] { return ::open("/proc/self/environ", O_RDONLY); }), EACCES);
    std::filesystem::create_symlink("../secret", scratch_ / "rw/link");
    EXPECT_EQ(opened("rw/link", O_RDONLY), EACCES);
}

TEST_F(LandlockTest, WhatIsToBeReadIsNotWritten) {
    EXPECT_EQ(opened("ro/file", O_WRONLY), EACCES);
    EXPECT_EQ(opened("ro/new", O_WRONLY | O_CREAT), EACCES);
    EXPECT_EQ(tried([&] { return ::unlink(path("ro/file").c_str()); }), EACCES);
    EXPECT_EQ(tried([&] { return ::mkdir(path("ro/folder").c_str(), 0700); }), EACCES);
}

TEST_F(LandlockTest, AThreadThatItStartsIsKeptInAsWell) {
    EXPECT_EQ(tried([&] {
                  int fd = 0;
                  int fault = 0;
                  std::thread([&] {
                      fd = ::open(path("secret").c_str(), O_RDONLY);
                      fault = errno;
                  }).join();
                  errno = fault;
                  return fd;
              }),
              EACCES);
}

TEST_F(SystemCallsTest, NoLinksAndNothingThatIsNoFileCanBeMade) {
    EXPECT_EQ(tried([&] { return ::symlink("file", path("rw/link").c_str()); }), EPERM);
    EXPECT_EQ(tried([&] { return ::link(path("rw/file").c_str(), path("rw/link").c_str()); }),
              EPERM);
    EXPECT_EQ(tried([&] { return ::mkfifo(path("rw/fifo").c_str(), 0600); }), EPERM);
}

TEST_F(SystemCallsTest, NoNetworkNoProgramsAndNoOtherProcesses) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
        EXPECT_EQ(tried([&] { return ::socket(family, SOCK_DGRAM, 0); }), EPERM);
    }
    EXPECT_EQ(tried([] { return ::execl("/bin/true", "true", nullptr); }), EPERM);
    EXPECT_EQ(tried([] { return ::fork(); }), EPERM);
    EXPECT_EQ(tried([] { return ::kill(::getppid(), 0); }), EPERM);
    EXPECT_EQ(tried([] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }), EPERM);
}

TEST_F(SystemCallsTest, ItCanStillAbort) {
    EXPECT_EQ(tried([]() -> int { std::abort(); }), -SIGABRT);
}

}  // namespace
}  // namespace threadrunner::sandbox
