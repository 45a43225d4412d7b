#include "tool/rounds/rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <utility>

#include "base/tool_limits.h"
#include "job/recording_sink.h"

namespace threadrunner::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using wire::Json;
using namespace std::chrono_literals;

/// Runs every job that comes, as the test says.
class Workers : public Runner {
public:
    explicit Workers(Jobs& jobs) : jobs_(jobs) {}

    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) override {
        if (spec.model == "unknown") {
            return fail(ErrorCode::not_found, "there is no 'unknown'");
        }
        return Target{.kind = spec.backend, .name = spec.model, .profile = {}};
    }
    void job_waiting(const Target& target) override {
        while (Job* job = jobs_.take(target)) {
            under_way.push_back(job->id);
        }
    }
    void job_withdrew(const Target&) override {}
    void cancel(JobId id) override { cancelled.push_back(id); }
    void credit(JobId id, unsigned credits) override { credited[id] += credits; }

    std::deque<JobId> under_way;
    std::vector<JobId> cancelled;
    std::map<JobId, unsigned> credited;

private:
    Jobs& jobs_;
};

const Json description = {
    {"ops",
     {{"read", {{"summary", "Reads."}, {"args", {{"type", "object"}}}}},
      {"write", {{"summary", "Writes."}, {"args", {{"type", "object"}}}, {"writes", true}}}}}};

class RoundsTest : public testing::Test {
protected:
    void submit(work::Generate generate = {.prompt = "Tag it"},
                Offer::Writing writing = Offer::Writing::deny) {
        JobSpec spec;
        spec.backend = "llama";
        spec.model = "gemma";
        spec.work = std::move(generate);
        submit(std::move(spec), writing);
    }
    void submit(JobSpec spec, Offer::Writing writing = Offer::Writing::deny) {
        spec.owner = "me";
        spec.offers.rounds_max = rounds_max_;
        spec.offers.tools = {{.tool = "disc", .directories = {}, .writing = writing}};
        id_ = jobs_.submit(std::move(spec), sink_);
        settle();
    }
    /// As submit(), when the tool has said what it can do.
    void begin(Offer::Writing writing = Offer::Writing::deny,
               work::Generate generate = {.prompt = "Tag it"}) {
        submit(std::move(generate), writing);
        answer_call(description);
    }

    void settle() {
        loop_.restart();
        while (loop_.poll_one() > 0) {
        }
    }
    Job& child() {
        EXPECT_FALSE(workers_.under_way.empty()) << "nothing is under way: " << sink_.story();
        Job* job = jobs_.find(workers_.under_way.front());
        EXPECT_NE(job, nullptr);
        return *job;
    }
    void emit(const Event& event, unsigned credits = 0) {
        const bool ends = ends_job(event);
        Job& job = child();
        if (ends) {
            workers_.under_way.pop_front();
        }
        jobs_.emit(job, event, credits);
        settle();
    }
    void answer_call(Json value) {
        emit(event::Output{.value = std::move(value)});
        emit(event::Done());
    }
    void call(const std::string& name, Json arguments = Json::object()) {
        emit(event::ToolCall{.name = name, .arguments = std::move(arguments)});
    }
    void end_answer(event::Reason reason = event::Reason::stop) {
        emit(event::Done{.reason = reason,
                         .usage = event::Usage{.prompt = 10, .cached = 4, .completion = 2}});
    }

    [[nodiscard]] const work::Generate& asked() {
        return std::get<work::Generate>(child().spec.work);
    }
    [[nodiscard]] const work::Call& called() { return std::get<work::Call>(child().spec.work); }
    /// What the model read of its last call.
    [[nodiscard]] std::string read_by_model() {
        return asked().messages.back().at("content").get<std::string>();
    }

    boost::asio::io_context loop_;
    Jobs jobs_{loop_.get_executor(), 100};
    Workers workers_{jobs_};
    Rounds rounds_{loop_.get_executor(), jobs_, workers_};
    RecordingSink sink_;
    JobId id_ = 0;
    std::size_t rounds_max_ = 8;
};

TEST_F(RoundsTest, AnAnswerWithoutCallsIsTheJobs) {
    begin();
    EXPECT_EQ(asked().messages, (Json{{{"role", "user"}, {"content", "Tag it"}}}));
    ASSERT_EQ(asked().tools.size(), 2U);
    EXPECT_EQ(asked().tools[0]["function"]["name"], "disc_read");
    EXPECT_EQ(asked().tools[0]["function"]["description"], "Reads.");
    emit(event::Token{.text = "No."});
    end_answer();
    EXPECT_EQ(sink_.story(), "accepted, token No., done stop");
    EXPECT_TRUE(jobs_.live().empty());
}

TEST_F(RoundsTest, ACallIsMadeAndTheModelReadsWhatItGave) {
    begin();
    emit(event::Token{.text = "Let me look. "});
    call("disc_read", {{"path", "/a"}});
    EXPECT_EQ(sink_.story(), "accepted, token Let me look. ") << "the answer is not whole yet";
    end_answer(event::Reason::tool_calls);
    EXPECT_EQ(child().spec.model, "disc");
    EXPECT_EQ(called().op, "read");
    EXPECT_EQ(called().args, (Json{{"path", "/a"}}));
    EXPECT_TRUE(called().read_only);
    answer_call({{"ok", true}, {"title", "T"}});

    const Json& messages = asked().messages;
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[1]["role"], "assistant");
    EXPECT_EQ(messages[1]["content"], "Let me look. ");
    EXPECT_EQ(messages[1]["tool_calls"][0]["function"]["name"], "disc_read");
    EXPECT_EQ(messages[1]["tool_calls"][0]["function"]["arguments"], R"({"path":"/a"})");
    EXPECT_EQ(messages[2]["role"], "tool");
    EXPECT_EQ(messages[2]["tool_call_id"], messages[1]["tool_calls"][0]["id"]);
    EXPECT_EQ(read_by_model(), R"({"ok":true,"title":"T"})");
    emit(event::Token{.text = "It is T."});
    end_answer();
    const auto& done = std::get<event::Done>(sink_.events.back());
    EXPECT_EQ(done.usage->prompt, 20);
    EXPECT_EQ(done.usage->cached, 8);
    EXPECT_EQ(done.usage->completion, 4);

    std::vector<std::string> told;
    for (const Event& event : sink_.events) {
        if (const auto* tool = std::get_if<event::Tool>(&event)) {
            told.push_back(wire::event_to_json(*tool).at("state").get<std::string>());
            EXPECT_EQ(tool->name, "disc_read");
            EXPECT_EQ(tool->call, "c1");
        }
    }
    EXPECT_THAT(told, ElementsAre("runs", "done"));
}

TEST_F(RoundsTest, CallsOfOneAnswerAreMadeOneAfterTheOther) {
    begin();
    call("disc_read", {{"path", "/a"}});
    call("disc_read", {{"path", "/b"}});
    end_answer(event::Reason::tool_calls);
    EXPECT_EQ(called().args, (Json{{"path", "/a"}}));
    answer_call({{"n", 1}});
    EXPECT_EQ(called().args, (Json{{"path", "/b"}}));
    answer_call({{"n", 2}});
    ASSERT_EQ(asked().messages.size(), 4U);
    EXPECT_EQ(asked().messages[2]["content"], R"({"n":1})");
    EXPECT_NE(asked().messages[2]["tool_call_id"], asked().messages[3]["tool_call_id"]);
}

TEST_F(RoundsTest, WhatIsNotAllowedToWriteIsNotCalled) {
    begin();
    call("disc_write");
    end_answer(event::Reason::tool_calls);
    EXPECT_THAT(read_by_model(), HasSubstr("does not allow writing"));
    EXPECT_THAT(sink_.story(), HasSubstr("tool"));
    EXPECT_EQ(std::get<event::Tool>(sink_.events.back()).state, event::Tool::State::refused);
}

TEST_F(RoundsTest, WhatIsAllowedToWriteIsGivenItsDirectoriesToWrite) {
    begin(Offer::Writing::allow);
    call("disc_write");
    end_answer(event::Reason::tool_calls);
    EXPECT_EQ(called().op, "write");
    EXPECT_FALSE(called().read_only);
}

TEST_F(RoundsTest, WhoeverSentTheJobIsAskedWhetherACallMayWrite) {
    begin(Offer::Writing::ask);
    call("disc_write", {{"path", "/a"}});
    call("disc_write", {{"path", "/b"}});
    end_answer(event::Reason::tool_calls);
    const auto asks = std::get<event::Tool>(sink_.events.back());
    EXPECT_EQ(asks.state, event::Tool::State::asks);
    EXPECT_EQ(asks.arguments, (Json{{"path", "/a"}}));
    EXPECT_THAT(workers_.under_way, IsEmpty());
    EXPECT_FALSE(jobs_.permit(id_, "c7", true)) << "nobody asks that";
    EXPECT_FALSE(jobs_.permit(id_ + 100, asks.call, true));
    ASSERT_TRUE(jobs_.permit(id_, asks.call, true));
    settle();
    EXPECT_EQ(called().args, (Json{{"path", "/a"}}));
    EXPECT_FALSE(called().read_only);
    answer_call({{"ok", true}});
    const auto asks_again = std::get<event::Tool>(sink_.events.back());
    EXPECT_EQ(asks_again.state, event::Tool::State::asks);
    EXPECT_FALSE(jobs_.permit(id_, asks.call, true)) << "that one was answered";
    ASSERT_TRUE(jobs_.permit(id_, asks_again.call, false));
    settle();
    EXPECT_THAT(read_by_model(), HasSubstr("does not allow writing"));
}

TEST_F(RoundsTest, AJobThatAsksCanBeCancelled) {
    begin(Offer::Writing::ask);
    call("disc_write");
    end_answer(event::Reason::tool_calls);
    EXPECT_TRUE(jobs_.cancel(id_));
    settle();
    EXPECT_THAT(sink_.story(), HasSubstr("done cancelled"));
    EXPECT_TRUE(jobs_.live().empty());
}

TEST_F(RoundsTest, AFailureOfAToolIsTheModelsToRead) {
    begin();
    call("disc_read");
    end_answer(event::Reason::tool_calls);
    emit(Error{.code = ErrorCode::forbidden, .message = "disc may not touch /a"});
    EXPECT_EQ(read_by_model(), R"({"error":"disc may not touch /a","ok":false})");
    call("disc_read", "no JSON");
    end_answer(event::Reason::tool_calls);
    EXPECT_THAT(read_by_model(), HasSubstr("no JSON object"));
}

TEST_F(RoundsTest, ALongResultIsCutForTheModel) {
    begin();
    call("disc_read");
    end_answer(event::Reason::tool_calls);
    answer_call({{"text", std::string(2 * limits::tool_result_bytes_max, 'x')}});
    EXPECT_LT(read_by_model().size(), limits::tool_result_bytes_max + 100);
    EXPECT_THAT(read_by_model(), HasSubstr("the whole result has 128 KiB"));
}

TEST_F(RoundsTest, ACallOfAFunctionOfTheClientsIsForTheClient) {
    begin(Offer::Writing::deny,
          {.prompt = "Hi",
           .tools = Json::array({{{"type", "function"}, {"function", {{"name", "mine"}}}}})});
    ASSERT_EQ(asked().tools.size(), 3U);
    call("disc_read");
    call("mine", {{"a", 1}});
    end_answer(event::Reason::tool_calls);
    EXPECT_EQ(sink_.story(), "accepted, tool_call, done tool_calls");
    const auto& wanted = std::get<event::ToolCall>(sink_.events[1]);
    EXPECT_EQ(wanted.name, "mine");
    EXPECT_EQ(wanted.arguments, (Json{{"a", 1}}));
}

TEST_F(RoundsTest, AModelThatCallsForEverIsStopped) {
    rounds_max_ = 2;
    begin();
    for (int i = 0; i < 2; ++i) {
        call("disc_read");
        end_answer(event::Reason::tool_calls);
        answer_call({{"ok", true}});
    }
    call("disc_read");
    end_answer(event::Reason::tool_calls);
    EXPECT_EQ(std::get<event::Done>(sink_.events.back()).reason, event::Reason::tool_calls);
    EXPECT_TRUE(jobs_.live().empty());
}

TEST_F(RoundsTest, CancellingCancelsTheChild) {
    begin();
    const JobId child_id = child().id;
    EXPECT_EQ(child().spec.parent, id_);
    EXPECT_EQ(child().spec.owner, "me");
    EXPECT_TRUE(jobs_.cancel(id_));
    EXPECT_THAT(workers_.cancelled, ElementsAre(child_id));
    settle();
    EXPECT_EQ(sink_.story(), "accepted") << "it ends when its worker has let go";
    emit(event::Done{.reason = event::Reason::cancelled});
    EXPECT_EQ(sink_.story(), "accepted, done cancelled");
}

TEST_F(RoundsTest, ADeadlineEndsItAndItsChildren) {
    JobSpec spec;
    spec.backend = "llama";
    spec.model = "gemma";
    spec.work = work::Generate{.prompt = "Hi"};
    spec.deadline = Clock::now() + 1ms;
    submit(std::move(spec));
    loop_.restart();
    while (!jobs_.live().empty() && loop_.run_one_for(1s) > 0) {
    }
    EXPECT_EQ(sink_.story(), "accepted, error timeout");
    EXPECT_TRUE(jobs_.live().empty());
}

TEST_F(RoundsTest, AClientThatLeavesTakesTheChildAlong) {
    begin();
    const JobId child_id = child().id;
    jobs_.abandon(id_);
    settle();
    EXPECT_THAT(workers_.cancelled, ElementsAre(child_id));
    emit(event::Done{.reason = event::Reason::cancelled});
    EXPECT_TRUE(jobs_.live().empty());
}

TEST_F(RoundsTest, CreditGoesToTheChildThatItIsFor) {
    begin();
    const JobId first = child().id;
    emit(event::Token{.text = "a"}, 1);
    emit(event::Token{.text = "b"}, 1);
    jobs_.credit(id_, 1);
    EXPECT_EQ(workers_.credited[first], 1U);
    call("disc_read");
    end_answer(event::Reason::tool_calls);
    answer_call({{"ok", true}});
    const JobId second = child().id;
    jobs_.credit(id_, 1);
    EXPECT_EQ(workers_.credited[second], 0U) << "it was for the first answer's";
    emit(event::Token{.text = "c"}, 1);
    jobs_.credit(id_, 1);
    EXPECT_EQ(workers_.credited[second], 1U);
}

TEST_F(RoundsTest, AFailureOfTheModelIsTheJobs) {
    begin();
    emit(Error{.code = ErrorCode::worker_crashed, .message = "it crashed"});
    EXPECT_EQ(sink_.story(), "accepted, error worker_crashed");
}

TEST_F(RoundsTest, WhatCannotBeIsRefusedBeforeItWaits) {
    const auto fault = [&](JobSpec spec, const std::string& tool = "disc") {
        RecordingSink sink;
        spec.offers.tools = {{.tool = tool}};
        jobs_.submit(std::move(spec), sink);
        return sink.error_message();
    };
    JobSpec spec;
    spec.work = work::Generate{.prompt = "Hi"};
    EXPECT_THAT(fault(spec, "unknown"), HasSubstr("there is no 'unknown'"));
    spec.work = work::Embed{};
    EXPECT_THAT(fault(spec), HasSubstr("only a model that writes"));
    spec.work = work::Route{.path = "/v1/messages"};
    EXPECT_THAT(fault(spec), HasSubstr("not for /v1/messages"));
    spec.work = work::Route{.path = "/v1/chat/completions", .slots = 2};
    EXPECT_THAT(fault(spec), HasSubstr("leave out 'n'"));
    EXPECT_THAT(workers_.under_way, IsEmpty());
}

TEST_F(RoundsTest, ATwiceOfferedToolIsRefused) {
    JobSpec spec;
    spec.work = work::Generate{.prompt = "Hi"};
    spec.offers.tools = {{.tool = "disc"}, {.tool = "disc"}};
    jobs_.submit(std::move(spec), sink_);
    settle();
    answer_call(description);
    answer_call(description);
    EXPECT_THAT(sink_.error_message(), HasSubstr("disc_read is offered twice"));
}

TEST_F(RoundsTest, OtherJobsPassBy) {
    JobSpec spec;
    spec.backend = "llama";
    spec.work = work::Generate{.prompt = "Hi"};
    jobs_.submit(std::move(spec), sink_);
    EXPECT_EQ(child().target.kind, "llama");
    emit(event::Token{.text = "a"});
    end_answer();
    EXPECT_EQ(sink_.story(), "accepted, token a, done stop");
}

}  // namespace
}  // namespace threadrunner::tool
