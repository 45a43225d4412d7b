#include "worker/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "job/job.h"

namespace threadrunner {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;
using wire::Json;

/// A real child, most often a shell with a small script, and what it said.
class ChildProcessTest : public testing::Test, protected Process::Observer {
protected:
    void spawn(Command command) {
        auto spawned = spawn_child(loop_, command, *this);
        ASSERT_TRUE(spawned) << spawned.error().message;
        process_ = *std::move(spawned);
    }
    void spawn_shell(const std::string& script) {
        spawn({.program = "/bin/sh", .arguments = {"-c", script}});
    }
    void run_shell(const std::string& script) {
        spawn_shell(script);
        wait_until([&] { return exit_.has_value(); });
    }

    void wait_until(const std::function<bool()>& condition) {
        const auto give_up = Clock::now() + 30s;
        while (!condition()) {
            ASSERT_LT(Clock::now(), give_up) << "it never happened";
            loop_.run_one_for(10ms);
        }
    }

    [[nodiscard]] std::string end() const { return exit_ ? exit_->describe() : "still runs"; }

    void on_frame(const Json& frame) override {
        EXPECT_FALSE(exit_);
        frames_.push_back(frame);
    }
    void on_piped_frame(std::string_view payload) override { piped_.emplace_back(payload); }
    void on_log_line(std::string_view line) override {
        EXPECT_FALSE(exit_);
        lines_.emplace_back(line);
    }
    void on_exit(const ExitStatus& status) override {
        EXPECT_FALSE(exit_) << "reported twice";
        exit_ = status;
    }

    boost::asio::io_context loop_;
    std::unique_ptr<Process> process_;
    std::vector<Json> frames_;
    std::vector<std::string> piped_;
    std::vector<std::string> lines_;
    std::optional<ExitStatus> exit_;
};

TEST_F(ChildProcessTest, FramesGoBothWaysInOrderHoweverLargeTheyAre) {
    spawn_shell("exec cat <&3 >&3");
    std::vector<Json> sent;
    for (int i = 0; i < 20; ++i) {
        sent.push_back({{"n", i}, {"data", std::string(100 * limits::kib, 'x')}});
        process_->send(sent.back());
    }
    wait_until([&] { return frames_.size() == sent.size(); });
    EXPECT_EQ(frames_, sent);
    process_->signal(SIGTERM);
    wait_until([&] { return exit_.has_value(); });
    EXPECT_EQ(end(), "was ended by signal 15 (Terminated)");
}

TEST_F(ChildProcessTest, FramesOfTheKindsOwnGoOverStdinAndStdout) {
    spawn({.program = "/bin/sh",
           .arguments = {"-c", "echo said >&2; exec cat"},
           .environment = {},
           .pipes_frames = true});
    const std::string large(3 * limits::mib, 'x');
    process_->send_piped("\xc1 no MessagePack");
    process_->send_piped(large);
    wait_until([&] { return piped_.size() == 2; });
    EXPECT_EQ(piped_[0], "\xc1 no MessagePack");
    EXPECT_EQ(piped_[1], large);
    EXPECT_THAT(frames_, IsEmpty());
    wait_until([&] { return !lines_.empty(); });
    EXPECT_THAT(lines_, ElementsAre("said"));
    process_->signal(SIGKILL);
    wait_until([&] { return exit_.has_value(); });
}

TEST_F(ChildProcessTest, BytesThatAreNoFrameOnStdoutEndTheWorker) {
    spawn({.program = "/bin/sh",
           .arguments = {"-c", "printf '\\000\\000\\000\\000'; exec sleep 60"},
           .environment = {},
           .pipes_frames = true});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_THAT(end(), StartsWith("sent a frame that cannot be read ("));
    EXPECT_THAT(piped_, IsEmpty());
}

TEST_F(ChildProcessTest, WhatAWorkerSaidLastIsHeardBeforeItsEnd) {
    run_shell(R"(printf '\006\000\000\000\201\242ev\241x' >&3; echo bye >&2; exit 7)");
    EXPECT_THAT(frames_, ElementsAre(Json{{"ev", "x"}}));
    EXPECT_THAT(lines_, ElementsAre("bye"));
    EXPECT_EQ(end(), "exited with code 7");
    process_->signal(SIGKILL);
}

TEST_F(ChildProcessTest, BytesThatAreNoFrameEndTheWorkerWithTheReason) {
    for (const char* garbage : {R"(\377\377\377\377)", R"(\000\000\000\000)",
                                R"(\001\000\000\000\301)", R"(\002\000\000\000\001\001)"}) {
        exit_.reset();
        run_shell(std::string("printf '") + garbage + "' >&3; exec sleep 60");
        EXPECT_THAT(end(), StartsWith("sent a frame that cannot be read (")) << garbage;
        EXPECT_THAT(end(), HasSubstr("was ended by signal 9")) << garbage;
    }
    EXPECT_THAT(frames_, IsEmpty());
}

TEST_F(ChildProcessTest, NoDescriptorOfTheDaemonLeaksButTheThreeAndTheControlSocket) {
    const UniqueFd low(::dup(STDERR_FILENO));
    const UniqueFd high(::fcntl(STDERR_FILENO, F_DUPFD, 200));
    run_shell(R"(i=4
        while [ $i -lt 300 ]; do
            [ ! -e /proc/$$/fd/$i ] || echo "leaked $i"
            i=$((i + 1))
        done
        [ -S /proc/$$/fd/3 ] && echo control
        read -r line || echo "stdin is empty")");
    EXPECT_THAT(lines_, ElementsAre("control", "stdin is empty"));
}

TEST_F(ChildProcessTest, TheServiceManagersVariablesAreTheDaemonsAlone) {
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", "1", 1);
    ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
    ::setenv("KEPT", "yes", 1);
    run_shell(R"(echo "${LISTEN_FDS-none} ${LISTEN_PID-none} ${NOTIFY_SOCKET-none} $KEPT")");
    for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "KEPT"}) {
        ::unsetenv(name);
    }
    EXPECT_THAT(lines_, ElementsAre("none none none yes"));
}

TEST_F(ChildProcessTest, CtrlCInTheTerminalIsNotForTheWorkerAndTheSystemPicksItFirstForMemory) {
    spawn_shell("cat /proc/self/oom_score_adj; exec sleep 60");
    wait_until([&] { return !lines_.empty(); });
    EXPECT_EQ(::getpgid(process_->pid()), process_->pid()) << "a process group of its own";
    EXPECT_THAT(lines_, ElementsAre(std::to_string(limits::worker_oom_score_adj)));
}

TEST_F(ChildProcessTest, SignalsThatTheDaemonIgnoresOrBlocksAreAsUsualForTheWorker) {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);
    run_shell("kill -PIPE $$; sleep 60");
    EXPECT_EQ(end(), "was ended by signal 13 (Broken pipe)");
    exit_.reset();
    run_shell("kill -TERM $$; sleep 60");
    EXPECT_EQ(end(), "was ended by signal 15 (Terminated)");
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
}

TEST_F(ChildProcessTest, LogLinesComeWholeFromBothStreamsAndAsValidText) {
    run_shell(R"(printf 'one\ntwo\n\n'; printf 'th'; printf 'ree\n' >&2; printf 'b\377d\nlast')");
    EXPECT_THAT(lines_, ElementsAre("one", "two", "three",
                                    "b\xEF\xBF\xBD"
                                    "d",
                                    "last"));
}

TEST_F(ChildProcessTest, ALineWithoutAnEndIsCutNotCollected) {
    run_shell("head -c 20000 /dev/zero | tr '\\0' x");
    EXPECT_THAT(lines_, SizeIs(3));
    EXPECT_THAT(lines_, Each(SizeIs(testing::Le(limits::log_line_bytes_max))));
    std::size_t bytes = 0;
    for (const std::string& line : lines_) {
        bytes += line.size();
    }
    EXPECT_EQ(bytes, 20'000U);
}

TEST_F(ChildProcessTest, AProgramThatCannotBeExecutedSaysSo) {
    spawn({.program = "/nowhere/threadrunner-engine", .arguments = {}});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_EQ(end(), "exited with code 127");
    EXPECT_THAT(lines_, ElementsAre("error: the worker's program cannot be executed"));
}

TEST_F(ChildProcessTest, AGrandchildThatHoldsThePipesOpenDoesNotHoldUpTheNews) {
    run_shell("sleep 60 & echo $!");
    EXPECT_EQ(end(), "exited with code 0");
    ASSERT_THAT(lines_, SizeIs(1));
    const auto grandchild = static_cast<pid_t>(std::stoi(lines_[0]));
    EXPECT_EQ(::kill(grandchild, SIGKILL), 0) << "it was still there";
}

TEST_F(ChildProcessTest, AWorkerThatIsGivenUpIsKilledReapedAndSilent) {
    spawn_shell("echo up; exec sleep 60");
    wait_until([&] { return !lines_.empty(); });
    const pid_t pid = process_->pid();
    process_.reset();
    wait_until([&] { return ::kill(pid, 0) != 0; });
    EXPECT_EQ(end(), "still runs") << "nobody is told";
}

TEST_F(ChildProcessTest, AWorkerThatReadsNothingHoldsNobodyUp) {
    spawn_shell("exec sleep 60");
    for (int i = 0; i < 50; ++i) {
        process_->send({{"data", std::string(100 * limits::kib, 'x')}});
        loop_.poll();
    }
    process_->signal(SIGKILL);
    wait_until([&] { return exit_.has_value(); });
    process_->send({{"op", "too late"}});
    loop_.poll();
    EXPECT_EQ(end(), "was ended by signal 9 (Killed)");
}

TEST_F(ChildProcessTest, OneThatSpeaksNoFramesHasNoDescriptorForThem) {
    spawn({.program = "/bin/sh",
           .arguments = {"-c", "ls /proc/self/fd/3 || true; echo end"},
           .speaks_frames = false});
    process_->send({{"op", "ping"}});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_EQ(end(), "exited with code 0");
    EXPECT_THAT(lines_, testing::Contains(HasSubstr("No such file")));
    EXPECT_THAT(frames_, IsEmpty());
}

TEST_F(ChildProcessTest, VariablesOfACommandTakeThePlaceOfOurs) {
    ::setenv("THREADRUNNER_TEST_SECRET", "inherited", 1);
    spawn({.program = "/bin/sh",
           .arguments = {"-c", "env | grep THREADRUNNER_TEST_SECRET"},
           .environment = {"THREADRUNNER_TEST_SECRET=given"}});
    wait_until([&] { return exit_.has_value(); });
    ::unsetenv("THREADRUNNER_TEST_SECRET");
    EXPECT_THAT(lines_, ElementsAre("THREADRUNNER_TEST_SECRET=given"));
}

}  // namespace
}  // namespace threadrunner
