#include "door/socket/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/scratch_directory.h"
#include "door/mcp/server.h"
#include "door/socket/listener.h"
#include "door/socket/scripted_client.h"
#include "job/scripted_runner.h"

namespace threadrunner {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;
using wire::Json;

/// Answers what doors ask about the daemon, and notes it.
class ScriptedControl : public Control {
public:
    [[nodiscard]] Result<void> ready() override { return {}; }
    Json status() override { return {{"asked", "status"}}; }
    Json ps() override { return {{"asked", "ps"}}; }
    boost::asio::awaitable<Result<Json>> models(ModelsOp) override {
        co_return Json{{"asked", "models"}};
    }
    boost::asio::awaitable<Result<Json>> tools(ToolsOp) override {
        co_return Json{{"asked", "tools"}};
    }
    boost::asio::awaitable<Json> config() override { co_return Json{{"asked", "config"}}; }
    boost::asio::awaitable<Result<Json>> reload() override {
        co_return fail(ErrorCode::invalid_request, "config.toml:1: broken");
    }
    std::string model_name(const JobSpec& spec) override { return spec.model; }
    Result<Json> unload(const std::optional<JobSpec>& spec) override {
        if (spec) {
            return fail(ErrorCode::not_found, spec->model + " is not loaded");
        }
        return Json{{"asked", "unload"}};
    }
    void shutdown() override { ++shutdowns; }

    int shutdowns = 0;
};

/// The socket door over a real socket, in front of jobs that the test plays.
class SocketDoorTest : public testing::Test {
protected:
    SocketDoorTest() { jobs_.set_runner(runner_); }

    ~SocketDoorTest() override {
        if (started_) {
            stop();
        }
        parsing_.join();
    }

    void stop() {
        bool stopped = false;
        boost::asio::co_spawn(
            loop_,
            [&]() -> boost::asio::awaitable<void> {
                co_await listener_.stop();
                stopped = true;
            },
            boost::asio::detached);
        wait_until([&] { return stopped; });
        started_ = false;
    }

    ScriptedClient connect() {
        if (!started_) {
            const auto listens = listener_.start();
            EXPECT_TRUE(listens) << listens.error().message;
            started_ = true;
        }
        ScriptedClient client(loop_, path_);
        EXPECT_TRUE(client.connected());
        return client;
    }

    /// A client whose one request, with this id, is waiting.
    ScriptedClient connect_and_ask(std::int64_t id = 1, Json members = Json::object()) {
        ScriptedClient client = connect();
        ask(client, id, std::move(members));
        EXPECT_EQ(client.next().at("ev"), "accepted");
        EXPECT_EQ(client.next().at("ev"), "queued");
        return client;
    }
    void ask(ScriptedClient& client, std::int64_t id, Json members = Json::object()) {
        Json frame = {{"v", 2}, {"id", id}, {"op", "generate"}, {"prompt", "Why?"}};
        frame.update(members);
        client.send(frame);
    }

    Job& take() {
        Job* job = jobs_.take(ScriptedRunner::target());
        EXPECT_NE(job, nullptr);
        return *job;
    }
    void say(Job& job, const std::string& text) { jobs_.emit(job, event::Token{.text = text}, 1); }
    void end(Job& job) { jobs_.emit(job, event::Done{}); }

    void wait_until(const std::function<bool()>& condition) {
        const auto give_up = Clock::now() + 30s;
        while (!condition()) {
            ASSERT_LT(Clock::now(), give_up) << "it never happened";
            loop_.run_one_for(10ms);
        }
    }

    [[nodiscard]] bool runner_was_told(const std::string& call) const {
        return std::ranges::count(runner_.calls, call) > 0;
    }

    ScratchDirectory directory_;
    const std::filesystem::path path_ = directory_ / "daemon.sock";
    Settings settings_;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(loop_);
    boost::asio::thread_pool parsing_{1};
    ScriptedRunner runner_;
    ScriptedControl control_;
    Jobs jobs_{loop_.get_executor(), 100'000};
    mcp::Server mcp_{loop_.get_executor(), jobs_, control_};
    SocketContext context_{.jobs = jobs_,
                           .control = control_,
                           .mcp = mcp_,
                           .settings = settings_,
                           .parsing = parsing_,
                           .v1_defaults = {.backend = "dummy", .model = "slots=1"}};
    SocketListener listener_{loop_.get_executor(), path_, context_};
    bool started_ = false;
};

TEST_F(SocketDoorTest, ARequestIsAnsweredEventByEventUnderItsOwnId) {
    ScriptedClient client = connect();
    ask(client, 7);
    EXPECT_EQ(client.next(),
              (Json{{"v", 2}, {"id", 7}, {"seq", 1}, {"ev", "accepted"}, {"job", "j1"}}));
    EXPECT_EQ(client.next(),
              (Json{{"v", 2}, {"id", 7}, {"seq", 2}, {"ev", "queued"}, {"position", 1}}));
    Job& job = take();
    say(job, "Because");
    EXPECT_EQ(client.next(),
              (Json{{"v", 2}, {"id", 7}, {"seq", 3}, {"ev", "token"}, {"text", "Because"}}));
    end(job);
    EXPECT_EQ(client.next(),
              (Json{{"v", 2}, {"id", 7}, {"seq", 4}, {"ev", "done"}, {"reason", "stop"}}));
    ask(client, 7);
    EXPECT_EQ(client.next().at("job"), "j2") << "the connection and the id serve again";
}

TEST_F(SocketDoorTest, ManyRequestsOfOneClientRunAtOnceAndStayApart) {
    ScriptedClient client = connect_and_ask(1);
    ask(client, 2);
    EXPECT_EQ(client.answer().at("ev"), "queued");
    Job& first = take();
    Job& second = take();
    say(second, "two");
    say(first, "one");
    end(second);
    end(first);
    std::string story;
    for (int i = 0; i < 4; ++i) {
        const Json event = client.next();
        story += std::to_string(event.at("id").get<int>()) + event.value("text", "-") + " ";
    }
    EXPECT_EQ(story, "2two 1one 2- 1- ");
}

TEST_F(SocketDoorTest, CreditGoesBackWhenTheEventsHaveLeftAndNotBefore) {
    ScriptedClient client = connect_and_ask();
    Job& job = take();
    runner_.calls.clear();
    for (int i = 0; i < 3; ++i) {
        say(job, "x");
    }
    EXPECT_THAT(runner_.calls, testing::IsEmpty());
    EXPECT_EQ(client.next().at("text"), "x");
    wait_until([&] { return !runner_.calls.empty(); });
    EXPECT_THAT(runner_.calls, testing::ElementsAre("credit j1 3"));
}

TEST_F(SocketDoorTest, ClientsOfOneSessionShareItsTurns) {
    ScriptedClient client = connect_and_ask();
    const pid_t session = ::getsid(0);  // 0 where its leader is outside the process namespace
    EXPECT_EQ(take().spec.owner, "session:" + std::to_string(session > 0 ? session : ::getpid()));
}

TEST_F(SocketDoorTest, QuestionsAboutTheDaemonAreAnsweredAsJobsAre) {
    ScriptedClient client = connect();
    for (const char* op : {"status", "ps", "models", "tools", "config", "unload"}) {
        client.send({{"v", 2}, {"id", 5}, {"op", op}});
        const Json accepted = client.next();
        EXPECT_EQ(accepted.at("ev"), "accepted");
        EXPECT_EQ(client.next(), (Json{{"v", 2},
                                       {"id", 5},
                                       {"seq", 2},
                                       {"ev", "done"},
                                       {"reason", "stop"},
                                       {"result", {{"asked", op}}}}));
    }
    client.send({{"v", 2}, {"id", 5}, {"op", "unload"}, {"model", "m"}});
    EXPECT_EQ(client.answer().at("message"), "m is not loaded");
    client.send({{"v", 2}, {"id", 5}, {"op", "reload"}});
    EXPECT_EQ(client.answer().at("message"), "config.toml:1: broken");
    client.send({{"v", 2}, {"id", 5}, {"op", "shutdown"}});
    EXPECT_EQ(client.answer().at("ev"), "done");
    EXPECT_EQ(control_.shutdowns, 1);
}

TEST_F(SocketDoorTest, AJobCanBeCancelledFromAnotherConnection) {
    ScriptedClient client = connect_and_ask();
    ScriptedClient other = connect();
    other.send({{"v", 2}, {"id", 1}, {"op", "cancel"}, {"job", "j1"}});
    EXPECT_EQ(other.answer().at("ev"), "done");
    EXPECT_EQ(client.next().at("reason"), "cancelled");
    other.send({{"v", 2}, {"id", 1}, {"op", "cancel"}, {"job", "j1"}});
    EXPECT_EQ(other.answer().at("code"), "not_found");
}

TEST_F(SocketDoorTest, ARequestThatCannotBeUnderstoodCostsOnlyItself) {
    ScriptedClient client = connect_and_ask(1);
    client.send({{"v", 2}, {"id", 2}, {"op", "dance"}});
    EXPECT_THAT(client.next().dump(), AllOf(HasSubstr("\"id\":2"), HasSubstr("invalid_request")));
    client.send({{"v", 2}, {"id", 2}, {"op", "eval"}});
    EXPECT_EQ(client.next().at("code"), "not_supported");
    end(take());
    EXPECT_EQ(client.next().at("ev"), "done");
}

TEST_F(SocketDoorTest, AFrameThatNobodyCanAnswerClosesTheConnectionWithAnErrorThatAllCanRead) {
    for (const Json& frame : {Json{{"v", 2}, {"op", "ps"}}, Json{{"v", 2}, {"id", 1}}, Json(7),
                              Json{{"v", 3}}, Json{{"prompt", "a"}, {"stream", true}}}) {
        ScriptedClient client = connect();
        client.send(frame);
        const Json error = client.next();
        EXPECT_EQ(error.at("error_type"), "Protocol") << frame;
        EXPECT_TRUE(error.at("error").is_string());
        EXPECT_TRUE(client.is_closed()) << frame;
    }
    ScriptedClient client = connect();
    client.send_bytes(std::string("\x03\0\0\0{{{", 7));
    EXPECT_EQ(client.next().at("error_type"), "Protocol");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SocketDoorTest, TheFirstFrameFixesTheVersion) {
    ScriptedClient client = connect_and_ask();
    client.send({{"v", 1}, {"prompt", "a"}, {"stream", true}});
    EXPECT_THAT(client.next().at("error"), HasSubstr("speaks version 2"));
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(jobs_.live().size(), 0U) << "its jobs went with it";

    ScriptedClient other = connect();
    other.send({{"v", 7}});
    EXPECT_THAT(other.next().at("error"), HasSubstr("'v' is 1 or 2"));
}

TEST_F(SocketDoorTest, AnIdThatIsUnderWayCannotBeUsedTwice) {
    ScriptedClient client = connect_and_ask(7);
    ask(client, 7);
    EXPECT_THAT(client.next().at("error"), HasSubstr("id 7 is under way already"));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SocketDoorTest, AnEmptyOrGiantFrameIsRefusedByItsHeader) {
    for (const std::string& header : {std::string(4, '\0'), std::string("\x01\0\0\x01", 4)}) {
        ScriptedClient client = connect();
        client.send_bytes(header);
        EXPECT_EQ(client.next().at("error_type"), "Protocol");
        EXPECT_TRUE(client.is_closed());
    }
}

TEST_F(SocketDoorTest, AFrameThatStaysCutIsGivenUp) {
    settings_.socket_frame = 20ms;
    ScriptedClient client = connect();
    client.send_bytes(std::string("\x40\0\0\0{\"v\"", 8));
    EXPECT_EQ(client.next(), (Json{{"error", "the frame did not arrive whole within 20ms"},
                                   {"error_type", "Timeout"}}));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SocketDoorTest, ASilentClientBetweenItsFramesIsNotGivenUp) {
    settings_.socket_frame = 1ms;
    ScriptedClient client = connect_and_ask();
    const auto later = Clock::now() + 5ms;
    wait_until([&] { return Clock::now() > later; });
    end(take());
    EXPECT_EQ(client.next().at("ev"), "done");
}

TEST_F(SocketDoorTest, AFrameMayArriveByteByByte) {
    ScriptedClient client = connect();
    std::string bytes;
    wire::append_frame(bytes, R"({"v":2,"id":1,"op":"ps"})");
    wire::append_frame(bytes, R"({"v":2,"id":2,"op":"status"})");
    for (const char byte : bytes) {
        client.send_bytes({&byte, 1});
    }
    EXPECT_EQ(client.answer().at("result").at("asked"), "ps");
    EXPECT_EQ(client.answer().at("result").at("asked"), "status");
}

TEST_F(SocketDoorTest, AVeryLongPromptArrivesWholeAndInItsTurn) {
    ScriptedClient client = connect();
    const std::string prompt(4 * limits::parse_on_loop_bytes_max, 'x');
    ask(client, 1, {{"prompt", prompt}});
    client.send({{"v", 2}, {"id", 2}, {"op", "ps"}});
    EXPECT_EQ(client.next().at("id"), 1);
    EXPECT_EQ(client.next().at("id"), 1);
    EXPECT_EQ(client.next().at("id"), 2);
    EXPECT_EQ(std::get<work::Generate>(take().spec.work).prompt.size(), prompt.size());
}

TEST_F(SocketDoorTest, AClientThatSendsNothingMoreStillGetsItsAnswers) {
    ScriptedClient client = connect_and_ask();
    client.stop_sending();
    loop_.poll();
    Job& job = take();
    say(job, "Because");
    EXPECT_EQ(client.next().at("text"), "Because");
    end(job);
    EXPECT_EQ(client.next().at("ev"), "done");
    EXPECT_TRUE(client.is_closed()) << "and the connection ends with the last of them";
}

TEST_F(SocketDoorTest, AClientThatVanishesTakesItsJobsAlong) {
    ScriptedClient client = connect_and_ask(1);
    ask(client, 2);
    EXPECT_EQ(client.answer().at("ev"), "queued");
    ScriptedClient other = connect_and_ask(1);
    take();
    client.leave();
    wait_until([&] { return runner_was_told("cancel j1"); });
    EXPECT_EQ(jobs_.find(2), nullptr) << "it had not begun";
    Job& theirs = take();
    EXPECT_EQ(theirs.id, 3U);
    end(theirs);
    EXPECT_EQ(other.next().at("ev"), "done");
}

TEST_F(SocketDoorTest, AClientThatVanishesWhileItOnlyListensIsNoticed) {
    ScriptedClient client = connect_and_ask();
    client.stop_sending();
    loop_.poll();
    take();
    client.leave();
    wait_until([&] { return runner_was_told("cancel j1"); });
}

TEST_F(SocketDoorTest, ADetachedJobOutlivesItsClientAndCanBeFollowedAgain) {
    ScriptedClient client = connect_and_ask(1, {{"detach", true}});
    Job& job = take();
    client.leave();
    wait_until([&] { return job.sink == nullptr; });
    say(job, "Because");
    ScriptedClient other = connect();
    other.send({{"v", 2}, {"id", 9}, {"op", "attach"}, {"job", "j1"}, {"after_seq", 2}});
    EXPECT_EQ(other.next(),
              (Json{{"v", 2}, {"id", 9}, {"seq", 3}, {"ev", "token"}, {"text", "Because"}}));
    end(job);
    EXPECT_EQ(other.next().at("ev"), "done");
    other.send({{"v", 2}, {"id", 9}, {"op", "attach"}, {"job", "j1"}, {"after_seq", 3}});
    EXPECT_EQ(other.next().at("ev"), "done") << "its last words are kept for a while";
    other.send({{"v", 2}, {"id", 9}, {"op", "attach"}, {"job", "j7"}});
    EXPECT_EQ(other.next().at("code"), "not_found");
}

TEST_F(SocketDoorTest, AClientThatReadsNothingIsGivenUpAndOthersDoNotNotice) {
    settings_.socket_stall = 50ms;
    ScriptedClient client = connect_and_ask();
    Job& job = take();
    for (int i = 0; i < 40; ++i) {
        say(job, std::string(100 * limits::kib, 'x'));
    }
    loop_.poll();
    EXPECT_FALSE(runner_was_told("credit j1 40")) << "they have not left";
    ScriptedClient other = connect_and_ask(2);
    Job& theirs = take();
    say(theirs, "Because");
    EXPECT_EQ(other.next().at("text"), "Because");
    wait_until([&] { return runner_was_told("cancel j1"); });
    end(theirs);
    EXPECT_EQ(other.next().at("ev"), "done");
}

TEST_F(SocketDoorTest, EventsThatNobodyReadsDoNotFillTheMemory) {
    ScriptedClient client = connect_and_ask();
    Job& job = take();
    const std::string text(limits::mib, 'x');
    for (std::size_t i = 0; i < 2 + limits::outbox_bytes_max / limits::mib; ++i) {
        say(job, text);
    }
    wait_until([&] { return runner_was_told("cancel j1"); });
}

TEST_F(SocketDoorTest, JobsOnOneConnectionAreBounded) {
    ScriptedClient client = connect();
    for (std::size_t i = 1; i <= limits::jobs_per_connection_max; ++i) {
        ask(client, static_cast<std::int64_t>(i));
    }
    for (std::size_t i = 0; i < limits::jobs_per_connection_max; ++i) {
        ASSERT_EQ(client.answer().at("ev"), "queued");
    }
    ask(client, 1'000'000);
    const Json refused = client.next();
    EXPECT_EQ(refused.at("code"), "overloaded");
    EXPECT_EQ(refused.at("retry_after_ms"), 1000);
}

TEST_F(SocketDoorTest, ConnectionsAreBoundedAndTheOneTooManyIsToldSo) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 2 * limits::connections_max + 100) {
        GTEST_SKIP() << "this system allows too few open files";
    }
    std::deque<ScriptedClient> clients;
    for (std::size_t i = 0; i < limits::connections_max; ++i) {
        clients.push_back(connect());
        loop_.poll();
    }
    clients.back().send({{"v", 2}, {"id", 1}, {"op", "ps"}});
    EXPECT_EQ(clients.back().answer().at("ev"), "done") << "the last one is served";
    ScriptedClient extra = connect();
    EXPECT_THAT(extra.next().at("error"), HasSubstr("1024 clients are connected already"));
    EXPECT_TRUE(extra.is_closed());
    clients.pop_front();
    wait_until([&] {
        ScriptedClient next = connect();
        next.send({{"v", 2}, {"id", 1}, {"op", "ps"}});
        return next.answer().contains("ev");
    });
}

TEST_F(SocketDoorTest, AnOldClientGetsItsAnswerAndTheConnectionEnds) {
    ScriptedClient client = connect();
    client.send({{"v", 1}, {"prompt", "Why?"}, {"stream", true}, {"extra", 7}});
    wait_until([&] { return jobs_.scheduler().waiting() > 0; });
    Job& job = take();
    EXPECT_EQ(job.spec.backend, "dummy");
    EXPECT_EQ(job.spec.model, "slots=1");
    jobs_.emit(job, event::Prompt{}, 1);
    say(job, "Be");
    say(job, "cause");
    end(job);
    EXPECT_EQ(client.next(), (Json{{"token", "Be"}, {"eos", false}}));
    EXPECT_EQ(client.next(), (Json{{"token", "cause"}, {"eos", false}}));
    EXPECT_EQ(client.next(), (Json{{"token", nullptr}, {"eos", true}}));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SocketDoorTest, AnOldClientThatWantsNoStreamGetsOneTokenAndItsWorkerIsPaid) {
    ScriptedClient client = connect();
    client.send({{"v", 1}, {"prompt", "Why?"}, {"stream", false}});
    wait_until([&] { return jobs_.scheduler().waiting() > 0; });
    Job& job = take();
    say(job, "Be");
    say(job, "cause");
    wait_until([&] { return runner_was_told("credit j1 2"); });
    end(job);
    EXPECT_EQ(client.next(), (Json{{"token", "Because"}, {"eos", false}}));
    EXPECT_EQ(client.next(), (Json{{"token", nullptr}, {"eos", true}}));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SocketDoorTest, AnOldClientHearsOfErrorsAndOfBeingCancelled) {
    const auto answer_to = [&](const std::function<void(Job&)>& what_happens) {
        ScriptedClient client = connect();
        client.send({{"v", 1}, {"prompt", "Why?"}, {"stream", true}});
        wait_until([&] { return jobs_.scheduler().waiting() > 0; });
        what_happens(take());
        Json answer = client.next();
        EXPECT_TRUE(client.is_closed());
        return answer;
    };
    EXPECT_EQ(answer_to([&](Job& job) {
                  jobs_.emit(job, Error{.code = ErrorCode::model_load_failed, .message = "torn"});
              }),
              (Json{{"error", "torn"}, {"error_type", "ModelLoad"}}));
    EXPECT_EQ(answer_to([&](Job& job) {
                  jobs_.emit(job, event::Done{.reason = event::Reason::cancelled});
              }),
              (Json{{"error", "the job was cancelled"}, {"error_type", "Unknown"}}));
    ScriptedClient client = connect();
    client.send({{"v", 1}, {"prompt", "Why?"}});
    EXPECT_EQ(client.next().at("error_type"), "Protocol");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(SocketDoorTest, AnOldClientThatLeavesGivesNothingToTheNext) {
    ScriptedClient client = connect();
    client.send({{"v", 1}, {"prompt", "first"}, {"stream", true}});
    wait_until([&] { return jobs_.scheduler().waiting() > 0; });
    Job& first = take();
    client.leave();
    wait_until([&] { return runner_was_told("cancel j1"); });
    ScriptedClient next = connect();
    next.send({{"v", 1}, {"prompt", "second"}, {"stream", true}});
    wait_until([&] { return jobs_.scheduler().waiting() > 0; });
    Job& second = take();
    say(first, "secret");
    end(first);
    say(second, "public");
    end(second);
    EXPECT_EQ(next.next().at("token"), "public");
}

TEST_F(SocketDoorTest, StoppingClosesSilentConnectionsAndRemovesTheSocket) {
    ScriptedClient client = connect();
    client.send({{"v", 2}, {"id", 1}, {"op", "ps"}});
    EXPECT_EQ(client.answer().at("ev"), "done");
    stop();
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_FALSE(ScriptedClient(loop_, path_).connected());
}

TEST_F(SocketDoorTest, OnlyTheOwnerOfTheSocketCanOpenIt) {
    connect();
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

/// A message of MCP that calls a tool, with what is asked of the tool first.
Json tool_call(std::int64_t id, const Json& message_id) {
    const Json params = {{"name", "text_grep"}};
    const Json message = {
        {"jsonrpc", "2.0"}, {"id", message_id}, {"method", "tools/call"}, {"params", params}};
    return {{"v", 2}, {"id", id}, {"op", "mcp"}, {"tools", {"text"}}, {"message", message}};
}

Json tool_ops() { return {{"ops", {{"grep", Json::object()}}}}; }

TEST_F(SocketDoorTest, OtherRequestsGoOnBesideAMessageOfMcp) {
    ScriptedClient client = connect();
    client.send(tool_call(1, "a"));
    EXPECT_EQ(client.next().at("ev"), "accepted");
    wait_until([&] { return jobs_.next(ScriptedRunner::target()) != nullptr; });
    Job& describes = take();
    client.send({{"v", 2}, {"id", 2}, {"op", "mcp"}, {"message", "{"}});
    EXPECT_EQ(client.answer().at("value").at("error").at("code"), -32700);
    EXPECT_EQ(client.next(),
              (Json{{"v", 2}, {"id", 2}, {"seq", 3}, {"ev", "done"}, {"reason", "stop"}}));
    jobs_.emit(describes, event::Output{.value = tool_ops()}, 1);
    end(describes);
    wait_until([&] { return jobs_.next(ScriptedRunner::target()) != nullptr; });
    Job& greps = take();
    EXPECT_EQ(std::get<work::Call>(greps.spec.work).op, "grep");
    jobs_.emit(greps, event::Output{.value = {{"ok", true}}}, 1);
    end(greps);
    const Json answered = client.next();
    EXPECT_EQ(answered.at("id"), 1);
    EXPECT_EQ(answered.at("value").at("id"), "a");
    EXPECT_EQ(client.next().at("reason"), "stop");
}

TEST_F(SocketDoorTest, AMessageOfMcpIsTakenBackByAnotherOrByLeaving) {
    ScriptedClient client = connect();
    for (const int id : {1, 2}) {
        client.send(tool_call(id, id));
        EXPECT_EQ(client.next().at("ev"), "accepted");
        wait_until([&] { return jobs_.next(ScriptedRunner::target()) != nullptr; });
        take();
    }
    const Json params = {{"requestId", 1}};
    const Json message = {
        {"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", params}};
    client.send({{"v", 2}, {"id", 3}, {"op", "mcp"}, {"message", message}});
    std::map<std::int64_t, Json> ends;
    while (ends.size() < 2) {
        const Json event = client.next();
        ASSERT_TRUE(event.is_object());
        if (event.at("ev") == "done") {
            ends[event.at("id").get<std::int64_t>()] = event.at("reason");
        }
    }
    EXPECT_EQ(ends, (std::map<std::int64_t, Json>{{1, "cancelled"}, {3, "stop"}}));
    client.leave();
    wait_until([&] { return runner_was_told("cancel " + job_name(jobs_.live().rbegin()->first)); });
}

TEST_F(SocketDoorTest, TheSocketOfADaemonThatDiedIsReplaced) {
    {
        boost::asio::local::stream_protocol::acceptor dead(
            loop_, boost::asio::local::stream_protocol::endpoint(path_.string()));
    }
    ASSERT_TRUE(std::filesystem::exists(path_));
    ScriptedClient client = connect();
    client.send({{"v", 2}, {"id", 1}, {"op", "ps"}});
    EXPECT_EQ(client.answer().at("ev"), "done");
}

TEST_F(SocketDoorTest, ALivingDaemonsSocketIsNotTakenAway) {
    ScriptedClient client = connect();
    SocketListener second(loop_.get_executor(), path_, context_);
    const auto refused = second.start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    second.close();
    client.send({{"v", 2}, {"id", 1}, {"op", "ps"}});
    EXPECT_EQ(client.answer().at("ev"), "done");
    EXPECT_TRUE(ScriptedClient(loop_, path_).connected());
}

TEST_F(SocketDoorTest, AFileThatIsNoSocketIsLeftAlone) {
    const auto file = directory_.write("notes", "precious");
    SocketListener listener(loop_.get_executor(), file, context_);
    const auto refused = listener.start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_request);
    EXPECT_THAT(refused.error().message, HasSubstr("exists and is no socket"));
    listener.close();
    EXPECT_EQ(std::filesystem::file_size(file), 8U);
}

TEST_F(SocketDoorTest, APathThatIsTooLongIsRefusedNotCut) {
    SocketListener listener(loop_.get_executor(), directory_ / std::string(120, 'x'), context_);
    const auto refused = listener.start();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("too long"));
}

TEST_F(SocketDoorTest, AFolderThatIsNotThereIsNamed) {
    SocketListener listener(loop_.get_executor(), directory_ / "none/daemon.sock", context_);
    const auto refused = listener.start();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("cannot listen at "));
}

}  // namespace
}  // namespace threadrunner
