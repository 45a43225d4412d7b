#include "kinds/sandbox/tool_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/scratch_directory.h"
#include "base/tool_limits.h"
#include "job/job.h"
#include "kinds/sandbox/scripted_host.h"

namespace threadrunner {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;
using wire::Json;

/// A tool whose hosts the test plays, with one folder that it may write to.
class ToolProcessTest : public testing::Test, protected Process::Observer {
protected:
    void start(std::size_t instances = 1) {
        const Spawner spawner = [this](
                                    const Command& command,
                                    Process::Observer& inner) -> Result<std::unique_ptr<Process>> {
            EXPECT_TRUE(command.pipes_frames);
            hosts_.push_back(std::make_shared<ScriptedHost>());
            return std::make_unique<ScriptedHostProcess>(hosts_.back(), inner);
        };
        auto grants =
            tool::Grants::open({{.host = scratch_ / ".", .guest = "/w", .writable = true}});
        ASSERT_TRUE(grants);
        auto started = ToolProcess::start(
            loop_.get_executor(), files_.get_executor(),
            {.room = {.tool = "text", .grants = *grants, .folder = {}},
             .command =
                 {.program = "/host", .arguments = {}, .environment = {}, .pipes_frames = true},
             .instances = instances,
             .deadline = 30s},
            spawner, *this);
        ASSERT_TRUE(started);
        process_ = *std::move(started);
        for (const auto& host : hosts_) {
            host->say({{"ev", "hello"}, {"v", 1}, {"slots", 0}});
        }
        process_->send({{"op", "load"}, {"id", 0}});
        for (const auto& host : hosts_) {
            host->say({{"ev", "done"}, {"id", 0}, {"meta", {{"cached", true}}}});
        }
    }

    void call(int id, Json args = Json::object(), Json more = Json::object()) {
        Json frame = {{"op", "call"}, {"id", id}, {"name", "grep"}, {"args", std::move(args)}};
        frame.update(more);
        process_->send(frame);
    }
    /// The same, and waits until so many have reached the modules.
    void calls(int first, int last) {
        for (int id = first; id <= last; ++id) {
            call(id);
        }
        wait_until([&] { return under_way() == static_cast<std::size_t>(last - first + 1); });
    }

    void wait_until(const std::function<bool()>& condition) {
        const auto give_up = Clock::now() + 30s;
        while (!condition()) {
            ASSERT_LT(Clock::now(), give_up) << "it never happened";
            loop_.restart();
            loop_.run_for(5ms);
        }
    }

    [[nodiscard]] std::size_t under_way() const {
        std::size_t out = 0;
        for (const auto& host : hosts_) {
            out += host->requests.size();
        }
        return out;
    }
    [[nodiscard]] ScriptedHost& host(std::size_t index = 0) const { return *hosts_.at(index); }
    /// "output 1, done 1": what was said of jobs.
    [[nodiscard]] std::vector<std::string> said() const {
        std::vector<std::string> out;
        for (const Json& frame : frames_) {
            if (frame.value("id", 0) > 0) {
                const std::string reason = frame.value("reason", frame.value("code", ""));
                out.push_back(frame.at("ev").get<std::string>() + " " + frame.at("id").dump() +
                              (reason.empty() ? "" : " " + reason));
            }
        }
        return out;
    }

    void on_frame(const Json& frame) override { frames_.push_back(frame); }
    void on_log_line(std::string_view) override {}
    void on_exit(const ExitStatus& status) override {
        exit_ = status;
        process_.reset();
    }

    ScratchDirectory scratch_;
    boost::asio::io_context loop_;
    boost::asio::thread_pool files_{1};
    std::vector<std::shared_ptr<ScriptedHost>> hosts_;
    std::unique_ptr<Process> process_;
    std::vector<Json> frames_;
    std::optional<ExitStatus> exit_;
};

TEST_F(ToolProcessTest, IsReadyWhenAllItsInstancesAre) {
    start(3);
    ASSERT_EQ(frames_.size(), 2U);
    EXPECT_EQ(frames_[0].at("ev"), "hello");
    EXPECT_EQ(frames_[1].at("slots"), 3 * limits::tool_calls_under_way_max);
    EXPECT_EQ(frames_[1].at("meta").at("cached"), true);
    process_->send({{"op", "ping"}, {"t", 5}});
    host(0).say({{"ev", "pong"}, {"t", 5}});
    host(1).say({{"ev", "pong"}, {"t", 5}});
    EXPECT_EQ(frames_.size(), 2U) << "one of them does not answer";
    host(2).say({{"ev", "pong"}, {"t", 5}});
    EXPECT_EQ(frames_.back().at("ev"), "pong");
}

TEST_F(ToolProcessTest, ACallIsAFrameOfTheModulesAndItsReplyAnOutput) {
    start();
    call(1, {{"pattern", "x"}});
    wait_until([&] { return under_way() == 1; });
    EXPECT_EQ(host().requests.front(), (Json{{"op", "grep"}, {"id", 1}, {"pattern", "x"}}));
    host().reply({{"ok", true}, {"lines", 3}});
    EXPECT_THAT(said(), ElementsAre("output 1", "done 1"));
    EXPECT_EQ(frames_[2].at("value"), (Json{{"ok", true}, {"lines", 3}}));
}

TEST_F(ToolProcessTest, ManyCallsAreOnThePipeAndNoMoreThanItTakes) {
    start();
    const int most = static_cast<int>(limits::tool_calls_under_way_max);
    calls(1, most);
    call(most + 1);
    call(most + 2);
    loop_.restart();
    loop_.run_for(20ms);
    EXPECT_EQ(under_way(), limits::tool_calls_under_way_max);
    host().reply({{"ok", true}});
    wait_until([&] { return host().requests.back().at("id") == most + 1; });
    EXPECT_THAT(said(), ElementsAre("output 1", "done 1"));
}

TEST_F(ToolProcessTest, SeveralInstancesShareTheCalls) {
    start(2);
    calls(1, 4);
    EXPECT_EQ(host(0).requests.size(), 2U);
    EXPECT_EQ(host(1).requests.size(), 2U);
    host(1).reply({{"ok", true}});
    EXPECT_THAT(said(), ElementsAre("output 2", "done 2"));
}

TEST_F(ToolProcessTest, AFailureThatTheModuleReportsIsTheCallsOwn) {
    start();
    calls(1, 2);
    host().reply({{"ok", false}, {"error", "Missing path"}});
    host().reply({{"ok", true}});
    EXPECT_THAT(said(), ElementsAre("error 1 invalid_request", "output 2", "done 2"));
    EXPECT_EQ(frames_[2].at("message"), "Missing path");
}

TEST_F(ToolProcessTest, TheHostIsToldHowLongTheFirstCallHas) {
    start();
    EXPECT_EQ(host().armed_ms(), std::nullopt);
    call(1);
    call(2, Json::object(), {{"deadline_ms", 5000}});
    wait_until([&] { return under_way() == 2; });
    EXPECT_EQ(host().armed_ms(), 30000);
    host().reply({{"ok", true}});
    EXPECT_THAT(host().armed_ms(), testing::Optional(testing::Le(5000)));
    host().reply({{"ok", true}});
    EXPECT_EQ(host().armed_ms(), 0) << "nothing is under way";
}

TEST_F(ToolProcessTest, ACrashCostsTheCallThatItWasAtAndSaysWhich) {
    start();
    call(1);
    call(2, {{"path", (scratch_ / "a.txt").string()}});
    call(3);
    wait_until([&] { return under_way() == 3; });
    host().reply({{"ok", true}});
    host().say({{"ev", "trap"}, {"code", "worker_crashed"}, {"message", "unreachable executed"}});
    host().end({.code = 70});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_THAT(said(), ElementsAre("output 1", "done 1"));
    EXPECT_THAT(*exit_->begun, UnorderedElementsAre(2U));
    EXPECT_TRUE(exit_->is_crash);
    ASSERT_TRUE(exit_->verdict);
    EXPECT_EQ(exit_->verdict->code, ErrorCode::worker_crashed);
    EXPECT_THAT(exit_->verdict->message,
                AllOf(HasSubstr("text failed at grep of " + (scratch_ / "a.txt").string()),
                      HasSubstr("unreachable executed"), HasSubstr("exited with code 70")));
}

TEST_F(ToolProcessTest, WhenOneInstanceFallsTheOthersFinishWhatTheyHave) {
    start(2);
    calls(1, 4);
    host(0).end();
    call(5);
    loop_.restart();
    loop_.run_for(20ms);
    EXPECT_FALSE(exit_);
    EXPECT_EQ(host(1).requests.size(), 2U) << "it gets no more";
    host(1).reply({{"ok", true}});
    EXPECT_FALSE(exit_);
    host(1).reply({{"ok", true}});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_THAT(said(), ElementsAre("output 2", "done 2", "output 4", "done 4"));
    EXPECT_THAT(*exit_->begun, UnorderedElementsAre(1U));
}

TEST_F(ToolProcessTest, ACallThatTakesTooLongIsATimeoutAndNoFaultOfTheTool) {
    start();
    calls(1, 2);
    host().say({{"ev", "trap"}, {"code", "timeout"}, {"message", "its time was over"}});
    host().end({.code = 71});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_FALSE(exit_->is_crash);
    EXPECT_EQ(exit_->verdict->code, ErrorCode::timeout);
    EXPECT_THAT(exit_->verdict->message, HasSubstr("raise deadline_ms in its tool.toml"));
    EXPECT_THAT(*exit_->begun, UnorderedElementsAre(1U));
}

TEST_F(ToolProcessTest, AHostThatDoesNotActOnTheDeadlineIsKilled) {
    start();
    call(1, Json::object(), {{"deadline_ms", 1}});
    wait_until([&] { return !host().signals.empty(); });
    EXPECT_THAT(host().signals, ElementsAre(SIGKILL));
    host().end();
    wait_until([&] { return exit_.has_value(); });
    EXPECT_EQ(exit_->verdict->code, ErrorCode::timeout);
}

TEST_F(ToolProcessTest, AReplyThatIsNoneEndsTheWorker) {
    start();
    calls(1, 2);
    host().reply_bytes("\xc1");
    EXPECT_THAT(host().signals, ElementsAre(SIGKILL));
    EXPECT_THAT(said(), IsEmpty());
    host().end();
    wait_until([&] { return exit_.has_value(); });
    EXPECT_TRUE(exit_->is_crash);
    EXPECT_THAT(*exit_->begun, UnorderedElementsAre(1U, 2U));
    EXPECT_THAT(exit_->verdict->message, HasSubstr("text sent a reply that is no map"));
}

TEST_F(ToolProcessTest, ItIsGoneOnlyWhenItsProcessIs) {
    start();
    calls(1, 1);
    host().reply_bytes("\xc1");
    EXPECT_FALSE(exit_);
    host().end();
    ASSERT_TRUE(exit_);
    EXPECT_THAT(exit_->describe(), HasSubstr("was ended by signal 9"));
}

TEST_F(ToolProcessTest, AReplyThatNobodyAskedForEndsTheWorker) {
    start();
    host().observer->on_piped_frame(wire::encode_msgpack({{"ok", true}}));
    EXPECT_THAT(host().signals, ElementsAre(SIGKILL));
}

TEST_F(ToolProcessTest, ACancelledCallThatWaitsIsNeverMadeAndOneUnderWayHasAMoment) {
    start();
    const int most = static_cast<int>(limits::tool_calls_under_way_max);
    calls(1, most);
    call(most + 1);
    loop_.restart();
    loop_.run_for(20ms);
    process_->send({{"op", "cancel"}, {"id", most + 1}});
    process_->send({{"op", "cancel"}, {"id", 1}});
    wait_until([&] { return !said().empty(); });
    EXPECT_THAT(said(), ElementsAre("done " + std::to_string(most + 1) + " cancelled"));
    EXPECT_EQ(host().armed_ms(), 1000);
    host().reply({{"ok", true}});
    EXPECT_THAT(said(), Contains("done 1 cancelled"));
    EXPECT_EQ(host().armed_ms(), 30000) << "the next has its whole time";
}

TEST_F(ToolProcessTest, APathIsSaidInTheToolsWordsAndOneThatItWasNotGivenIsRefused) {
    start();
    scratch_.write("a.txt", "a");
    call(1, {{"path", (scratch_ / "a.txt").string()}});
    call(2, {{"path", "/etc/passwd"}});
    call(3, {{"requests", {{{"path", (scratch_ / "a.txt").string()}}, {{"x", 1}}}}});
    wait_until([&] { return under_way() == 2 && said().size() == 1; });
    EXPECT_EQ(host().requests[0].at("path"), "/w/a.txt");
    EXPECT_EQ(host().requests[1].at("requests")[0].at("path"), "/w/a.txt");
    EXPECT_THAT(said(), ElementsAre("error 2 forbidden"));
    EXPECT_THAT(frames_.back().at("message").get<std::string>(),
                HasSubstr("text may not touch /etc/passwd: it was given /w ("));
}

TEST_F(ToolProcessTest, BytesComeBackAsBase64) {
    start();
    calls(1, 1);
    host().reply({{"ok", true}, {"pictures", {{{"data", Json::binary({0xff, 0xd8, 0xff})}}}}});
    EXPECT_EQ(frames_[2].at("value").at("pictures")[0].at("data"), "/9j/");
}

TEST_F(ToolProcessTest, LeavesWhenItsCallsAreOver) {
    start();
    calls(1, 1);
    process_->send({{"op", "shutdown"}, {"deadline_ms", 100}});
    EXPECT_FALSE(host().was_told("shutdown"));
    host().reply({{"ok", true}});
    EXPECT_TRUE(host().was_told("shutdown"));
    host().end({.code = 0});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_EQ(exit_->describe(), "exited with code 0");
}

TEST_F(ToolProcessTest, ItsEndIsTheEndOfItsHosts) {
    start(2);
    process_.reset();
    wait_until([&] { return host(0).observer == nullptr && host(1).observer == nullptr; });
}

}  // namespace
}  // namespace threadrunner
