#include "base/paths.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Sets or (with null) unsets a variable for one test.
class ScopedVariable {
public:
    ScopedVariable(const char* name, const char* value) : name_(name), before_(environment(name)) {
        set(value);
    }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;
    ~ScopedVariable() { set(before_ ? before_->c_str() : nullptr); }

private:
    void set(const char* value) const {
        if (value == nullptr) {
            ::unsetenv(name_);
        } else {
            ::setenv(name_, value, 1);
        }
    }

    const char* name_;
    std::optional<std::string> before_;
};

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
}

TEST(FindHome, TheVariableWinsAndIsMadeAbsolute) {
    const ScopedVariable home("THREADRUNNER_HOME", "some/../where");
    EXPECT_EQ(find_home()->root, fs::current_path() / "where");
}

TEST(FindHome, ATrailingSlashIsTheSameHome) {
    const ScopedVariable home("THREADRUNNER_HOME", "/x/home///");
    EXPECT_EQ(find_home()->root, "/x/home");
    const ScopedVariable root("THREADRUNNER_HOME", "/");
    EXPECT_EQ(find_home()->root, "/");
}

TEST(FindHome, FallsBackToTheUsersDirectory) {
    const ScopedVariable none("THREADRUNNER_HOME", "");
    const ScopedVariable user("HOME", "/some/user");
    EXPECT_EQ(find_home()->root, "/some/user/.threadrunner");
}

TEST(FindHome, WithoutHomeTheUserDatabaseIsAsked) {
    const ScopedVariable none("THREADRUNNER_HOME", nullptr);
    const ScopedVariable user("HOME", nullptr);
    const auto home = find_home();
    ASSERT_TRUE(home);
    EXPECT_TRUE(home->root.is_absolute());
    EXPECT_EQ(home->root.filename(), ".threadrunner");
}

TEST(CreateHome, NobodyElseCanLookInside) {
    const ScratchDirectory directory;
    const ScopedVariable variable("THREADRUNNER_HOME", (directory / "deep/home/").c_str());
    const Home home = *find_home();
    ASSERT_TRUE(create_home(home));
    for (const fs::path& path : {home.root, home.models(), home.cache(), home.logs(), home.run()}) {
        EXPECT_EQ(mode_of(path), 0700U) << path;
    }
    EXPECT_TRUE(create_home(home)) << "a second start finds it as it is";
}

TEST(CreateHome, AHomeThatOthersMayWriteToIsRefusedWithTheRemedy) {
    const ScratchDirectory directory;
    const Home home{directory / "home"};
    fs::create_directory(home.root);
    ASSERT_EQ(::chmod(home.root.c_str(), 0777), 0);
    const auto created = create_home(home);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, ErrorCode::forbidden);
    EXPECT_THAT(created.error().message, HasSubstr("chmod 700 " + home.root.string()));
}

TEST(CreateHome, AFileInItsPlaceIsNamed) {
    const ScratchDirectory directory;
    const Home home{directory.write("home", "a file")};
    const auto created = create_home(home);
    ASSERT_FALSE(created);
    EXPECT_THAT(created.error().message, HasSubstr("is not a directory"));
    EXPECT_FALSE(create_home(Home{home.root / "below"}));
}

TEST(SocketPath, TheFlagWinsOverTheVariableOverTheHome) {
    const Home home{"/h"};
    {
        const ScopedVariable none("THREADRUNNER_SOCKET", "");
        EXPECT_EQ(*socket_path(home, std::nullopt), "/h/run/daemon.sock");
    }
    const ScopedVariable given("THREADRUNNER_SOCKET", "/v.sock");
    EXPECT_EQ(*socket_path(home, std::nullopt), "/v.sock");
    EXPECT_EQ(*socket_path(home, "/f.sock"), "/f.sock");
}

TEST(SocketPath, APathThatTheSystemWouldCutIsAnErrorThatSaysSo) {
    const Home home{"/h"};
    const std::string longest = "/" + std::string(106, 'x');
    EXPECT_EQ(*socket_path(home, longest), longest);
    const auto path = socket_path(home, longest + "x");
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, ErrorCode::invalid_request);
    EXPECT_THAT(path.error().message, HasSubstr("too long (108 bytes, the system allows 107)"));
    EXPECT_THAT(path.error().message, HasSubstr("--socket"));
}

TEST(TryLock, OnlyOneHolderAtATime) {
    const ScratchDirectory directory;
    const fs::path file = directory / "lock";
    auto first = try_lock(file);
    ASSERT_TRUE(first && *first);
    const auto second = try_lock(file);
    ASSERT_TRUE(second);
    EXPECT_FALSE(*second) << "held";
    (*first)->reset();
    const auto third = try_lock(file);
    EXPECT_TRUE(third && *third) << "free again";
    EXPECT_EQ(mode_of(file), 0600U);
}

TEST(TryLock, DiesWithItsProcess) {
    const ScratchDirectory directory;
    const fs::path file = directory / "lock";
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = try_lock(file);
        ::_exit(held && *held ? 0 : 1);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    const auto lock = try_lock(file);
    EXPECT_TRUE(lock && *lock);
}

TEST(TryLock, IsNotInheritedByWorkers) {
    const ScratchDirectory directory;
    const auto lock = try_lock(directory / "lock");
    ASSERT_TRUE(lock && *lock);
    EXPECT_NE(::fcntl((*lock)->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(TryLock, AMissingDirectoryIsNamed) {
    const ScratchDirectory directory;
    const auto lock = try_lock(directory / "none/lock");
    ASSERT_FALSE(lock);
    EXPECT_THAT(lock.error().message, HasSubstr("none/lock: No such file or directory"));
}

TEST(FindProgram, FindsWhatLiesBesideThisProgram) {
    const auto found = find_program("base_test");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, fs::read_symlink("/proc/self/exe"));
}

TEST(FindProgram, NamesThePlacesThatItSearched) {
    const auto found = find_program("threadrunner-nothing");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::not_found);
    EXPECT_THAT(found.error().message, HasSubstr("libexec/threadrunner/threadrunner-nothing"));
}

TEST(Home, TodaysLogHasTheDateInItsName) {
    EXPECT_THAT(Home{"/h"}.log_file_today().string(),
                testing::ContainsRegex(
                    "^/h/cache/logs/threadrunner-daemon-[0-9]{4}-[0-9]{2}-[0-9]{2}\\.log$"));
}

TEST(UniqueFd, ClosesExactlyOnce) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const UniqueFd read_end(ends[0]);
    {
        UniqueFd write_end(ends[1]);
        UniqueFd moved(std::move(write_end));
        EXPECT_TRUE(moved);
        EXPECT_EQ(moved.get(), ends[1]);
    }
    char byte = 0;
    EXPECT_EQ(::read(read_end.get(), &byte, 1), 0) << "the other end is closed";
}

}  // namespace
}  // namespace threadrunner
