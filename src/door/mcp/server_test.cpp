#include "door/mcp/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "job/scripted_runner.h"

namespace threadrunner::mcp {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using wire::Json;

/// Knows which tools there are, and nothing else.
class ToolControl : public Control {
public:
    [[nodiscard]] Result<void> ready() override { return {}; }
    Json status() override { return nullptr; }
    Json ps() override { return nullptr; }
    boost::asio::awaitable<Result<Json>> models(ModelsOp) override { co_return Json(); }
    boost::asio::awaitable<Result<Json>> tools(ToolsOp) override {
        co_return Json{{"tools", installed}};
    }
    boost::asio::awaitable<Json> config() override { co_return Json(); }
    boost::asio::awaitable<Result<Json>> reload() override { co_return Json(); }
    std::string model_name(const JobSpec& spec) override { return spec.model; }
    Result<Json> unload(const std::optional<JobSpec>&) override { return Json(); }
    void shutdown() override {}

    Json installed = {{{"name", "text"}}, {{"name", "tags"}}};
};

/// The server, in front of jobs that the test plays.
class McpServerTest : public testing::Test {
protected:
    McpServerTest() { jobs_.set_runner(runner_); }
    ~McpServerTest() override {
        server_.end_session(standard().session);
        run();
    }

    /// Has a request answered as far as that goes without the jobs that the test plays.
    void ask(Json id, const std::string& method, Json params = Json::object(),
             const Client& client = standard()) {
        boost::asio::co_spawn(
            loop_, take_answer({.id = id, .method = method, .params = std::move(params)}, client),
            boost::asio::detached);
        run();
    }
    void call(Json id, const std::string& tool, const Client& client = standard()) {
        ask(std::move(id), "tools/call", {{"name", tool}, {"arguments", {{"path", "/a"}}}}, client);
    }

    /// Jobs that ask a tool what it can do are answered, others wait in `calls_`.
    void run() {
        const auto step = [&] {
            loop_.restart();
            loop_.poll();
            return jobs_.take(ScriptedRunner::target());
        };
        while (Job* const job = step()) {
            if (std::get<work::Call>(job->spec.work).op == "describe") {
                end(*job, description(job->spec.model));
            } else {
                calls_.push_back(job);
            }
        }
    }
    void end(Job& job, const Event& event) {
        if (std::holds_alternative<event::Output>(event)) {
            jobs_.emit(job, event, 1);
            jobs_.emit(job, event::Done{});
        } else {
            jobs_.emit(job, event);
        }
    }
    void end_call(const Event& event) {
        end(*calls_.at(0), event);
        run();
    }

    Event description(const std::string& tool) {
        if (broken_.contains(tool)) {
            return broken_.at(tool);
        }
        const Json ops = {{"read", {{"summary", "Reads."}, {"args", Json::object()}}},
                          {"write", {{"summary", "Writes."}, {"writes", true}}}};
        return event::Output{.value = {{"ok", true}, {"ops", ops}}};
    }

    [[nodiscard]] static Client standard() { return {.owner = "me", .session = "1"}; }
    [[nodiscard]] std::vector<std::string> listed() {
        std::vector<std::string> out;
        for (const Json& tool : answers_.back()->at("result").at("tools")) {
            out.push_back(tool.at("name").get<std::string>());
        }
        return out;
    }
    [[nodiscard]] int code() { return answers_.back()->at("error").at("code").get<int>(); }
    [[nodiscard]] const Json& result() { return answers_.back()->at("result"); }
    [[nodiscard]] const work::Call& work() { return std::get<work::Call>(calls_.at(0)->spec.work); }

    boost::asio::io_context loop_;
    ScriptedRunner runner_;
    ToolControl control_;
    Jobs jobs_{loop_.get_executor(), 1000};
    Server server_{loop_.get_executor(), jobs_, control_};
    std::map<std::string, Error> broken_;
    std::vector<Job*> calls_;
    std::vector<std::optional<Json>> answers_;

private:
    boost::asio::awaitable<void> take_answer(Message message, Client client) {
        auto answer = co_await server_.answer(std::move(message), std::move(client));
        answers_.push_back(std::move(answer));
    }
};

TEST_F(McpServerTest, EveryOpOfEveryToolIsListed) {
    ask(1, "tools/list");
    EXPECT_THAT(listed(), ElementsAre("text_read", "text_write", "tags_read", "tags_write"));
}

TEST_F(McpServerTest, AToolThatCannotSayWhatItCanDoIsLeftOut) {
    control_.installed.push_back({{"name", "torn"}, {"error", "tool.toml:3: what is this?"}});
    broken_["text"] = {.code = ErrorCode::worker_crashed, .message = "it crashed"};
    ask(1, "tools/list");
    EXPECT_THAT(listed(), ElementsAre("tags_read", "tags_write"));
}

TEST_F(McpServerTest, WhereNoToolCanSayItTheReasonIsTheAnswer) {
    broken_["text"] = {.code = ErrorCode::worker_crashed, .message = "it crashed"};
    Client client = standard();
    client.tools = {"text"};
    ask(1, "tools/list", Json::object(), client);
    EXPECT_EQ(code(), code::internal_error);
    call(2, "text_read", client);
    EXPECT_TRUE(result().at("isError"));
    EXPECT_THAT(result().at("content").at(0).at("text").get<std::string>(), HasSubstr("crashed"));
}

TEST_F(McpServerTest, ACallIsAJobOfItsOwnersWithTheDirectoriesThatWereGiven) {
    Client client = standard();
    client.directories = {{.host = "/srv/me", .guest = "/m", .writable = true}};
    call("a", "tags_write", client);
    ASSERT_EQ(calls_.size(), 1U);
    EXPECT_EQ(calls_[0]->spec.owner, "me");
    EXPECT_EQ(calls_[0]->spec.model, "tags");
    EXPECT_TRUE(calls_[0]->spec.deadline);
    EXPECT_EQ(work().op, "write");
    EXPECT_EQ(work().args.at("path"), "/a");
    EXPECT_EQ(work().directories, client.directories);
    EXPECT_FALSE(work().read_only);
    end_call(event::Output{.value = {{"ok", true}, {"lines", 2}}});
    EXPECT_EQ(answers_.back()->at("id"), "a");
    EXPECT_EQ(result().at("structuredContent").at("lines"), 2);
}

TEST_F(McpServerTest, WhoMayNotWriteIsOfferedNothingThatDoes) {
    Client client = standard();
    client.read_only = true;
    ask(1, "tools/list", Json::object(), client);
    EXPECT_THAT(listed(), ElementsAre("text_read", "tags_read"));
    call(2, "tags_write", client);
    EXPECT_EQ(code(), code::invalid_params);
    call(3, "tags_read", client);
    EXPECT_TRUE(work().read_only) << "whatever the tool says of itself";
}

TEST_F(McpServerTest, OnlyTheToolsThatWereNamedAreOnOffer) {
    Client client = standard();
    client.tools = {"tags"};
    call(1, "text_read", client);
    EXPECT_EQ(code(), code::invalid_params);
    call(2, "tags_read", client);
    EXPECT_EQ(calls_.size(), 1U);
}

TEST_F(McpServerTest, BadParametersAreRefused) {
    for (const Json& params : {Json::object(), Json{{"name", 7}}, Json{{"name", "no_such"}},
                               Json{{"name", "text_read"}, {"arguments", {1}}}}) {
        ask(1, "tools/call", params);
        EXPECT_EQ(code(), code::invalid_params) << params;
    }
    ask(1, "tools/list", {{"cursor", "2"}});
    EXPECT_EQ(code(), code::invalid_params);
    ask(1, "prompts/list");
    EXPECT_EQ(code(), code::method_not_found);
}

TEST_F(McpServerTest, AToolWhoseNameBeginsLikeAnothersIsFound) {
    control_.installed = {{{"name", "text"}}, {{"name", "text_read"}}};
    call(1, "text_read_write");
    ASSERT_EQ(calls_.size(), 1U);
    EXPECT_EQ(calls_[0]->spec.model, "text_read");
}

TEST_F(McpServerTest, ACallThatIsTakenBackIsCancelledAndNotAnswered) {
    call(1, "text_read");
    call(2, "text_read");
    ask(nullptr, "notifications/cancelled", {{"requestId", 1}});
    EXPECT_THAT(runner_.calls, Contains("cancel " + job_name(calls_[0]->id)));
    ASSERT_EQ(answers_.size(), 2U) << "of the call and of the notification";
    EXPECT_FALSE(answers_[0] || answers_[1]);
    end(*calls_[1], event::Output{.value = {{"ok", true}}});
    run();
    EXPECT_EQ(answers_.back()->at("id"), 2) << "the other one goes on";
}

TEST_F(McpServerTest, NobodyTakesBackWhatAnotherAsked) {
    call(1, "text_read");
    ask(nullptr, "notifications/cancelled", {{"requestId", 1}}, {.owner = "me", .session = "2"});
    server_.end_session("2");
    run();
    end_call(event::Output{.value = {{"ok", true}}});
    EXPECT_EQ(answers_.back()->at("id"), 1);
}

TEST_F(McpServerTest, AClientThatLeavesCancelsAll) {
    call(1, "text_read");
    call("1", "tags_read");
    server_.end_session("1");
    run();
    EXPECT_EQ(answers_.size(), 2U);
    for (const Job* job : calls_) {
        EXPECT_THAT(runner_.calls, Contains("cancel " + job_name(job->id)));
    }
}

TEST_F(McpServerTest, AnIdThatIsUnderWayIsNotTakenAgain) {
    call(1, "text_read");
    call(1, "text_read");
    EXPECT_EQ(code(), code::invalid_request);
    end_call(event::Output{.value = {{"ok", true}}});
    EXPECT_FALSE(result().at("isError"));
    call(1, "text_read");
    EXPECT_EQ(calls_.size(), 2U) << "now it is free";
}

TEST_F(McpServerTest, ACallThatFailsOrThatSomebodyCancelsIsAnErrorForTheModel) {
    call(1, "text_read");
    end_call(Error{.code = ErrorCode::timeout, .message = "it took too long"});
    EXPECT_TRUE(result().at("isError"));
    EXPECT_EQ(result().at("structuredContent").at("code"), "timeout");
    calls_.clear();
    call(2, "text_read");
    end_call(event::Done{.reason = event::Reason::cancelled});
    EXPECT_EQ(result().at("structuredContent").at("code"), "cancelled");
}

}  // namespace
}  // namespace threadrunner::mcp
