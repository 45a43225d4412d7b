#include "kinds/upstream/server_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "job/job.h"
#include "kinds/upstream/scripted_server.h"

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;
using wire::Json;
using Guest = ScriptedServer::Guest;

constexpr const char* props = R"({"total_slots":3,"default_generation_settings":{"n_ctx":512}})";
constexpr const char* models = R"({"data":[{"id":"small"}]})";

/// The process of a server, if we started one: the test plays it.
class ScriptedChild : public Process {
public:
    explicit ScriptedChild(std::vector<int>& signals) : signals_(signals) {}
    [[nodiscard]] pid_t pid() const override { return 4711; }
    void send(const Json& /*frame*/) override {}
    void signal(int number) override { signals_.push_back(number); }

private:
    std::vector<int>& signals_;
};

class ServerProcessTest : public testing::Test, protected Process::Observer {
protected:
    ServerProcessTest() {
        settings_.upstream_poll = 5ms;
        settings_.upstream_health = 0ms;
        server_.answer = [this](Guest& guest) { serve(guest); };
    }

    /// A well-behaved server, but for what a test says in its stead.
    void serve(Guest& guest) {
        const std::string path = guest.request.substr(0, guest.request.find(" HTTP"));
        if (path == "POST /v1/chat/completions") {
            guest.say(ScriptedServer::stream_head());
        } else if (path == "GET /props") {
            guest.say(ScriptedServer::json(props, props_status_));
        } else if (path == "GET /v1/models") {
            guest.say(ScriptedServer::json(models, "200 OK"));
        } else {
            guest.say(ScriptedServer::json("{}", health_));
        }
    }

    void start(bool spawns) {
        ServerProcess::Spawn spawn;
        if (spawns) {
            spawn = [this](Process::Observer& inner) -> Result<std::unique_ptr<Process>> {
                inner_ = &inner;
                return std::make_unique<ScriptedChild>(signals_);
            };
        }
        auto started = ServerProcess::start(loop_.get_executor(), settings_, spawn, *this);
        ASSERT_TRUE(started);
        process_ = *std::move(started);
        EXPECT_THAT(frames_, IsEmpty()) << "nothing before it has returned";
        process_->send({{"op", "load"}, {"url", server_.url()}, {"key", "k3y"}, {"slots", 2}});
    }
    void start_ready(bool spawns = false) {
        start(spawns);
        wait_for("done", 0);
    }

    void ask(int id) {
        const std::size_t before = server_.guests.size();
        process_->send({{"op", "route"},
                        {"id", id},
                        {"method", "POST"},
                        {"path", "/v1/chat/completions"},
                        {"body", {{"messages", Json::array()}}}});
        wait_until([&] {
            return server_.guests.size() > before && !server_.guests.back()->request.empty();
        });
    }
    Guest& guest() { return *server_.guests.back(); }

    void wait_until(const std::function<bool()>& condition) {
        const auto give_up = Clock::now() + 30s;
        while (!condition()) {
            ASSERT_LT(Clock::now(), give_up) << "it never happened: " << Json(frames_).dump();
            loop_.run_one_for(1ms);
        }
    }
    [[nodiscard]] const Json* find(const std::string& event, int id) const {
        for (const Json& frame : frames_) {
            if (frame.at("ev") == event && frame.value("id", -1) == id) {
                return &frame;
            }
        }
        return nullptr;
    }
    const Json& wait_for(const std::string& event, int id) {
        wait_until([&] { return find(event, id) != nullptr; });
        return *find(event, id);
    }
    [[nodiscard]] std::size_t count(const std::string& event) const {
        return static_cast<std::size_t>(
            std::count_if(frames_.begin(), frames_.end(),
                          [&](const Json& frame) { return frame.at("ev") == event; }));
    }

    void on_frame(const Json& frame) override {
        EXPECT_FALSE(exit_);
        frames_.push_back(frame);
    }
    void on_log_line(std::string_view line) override { lines_.emplace_back(line); }
    void on_exit(const ExitStatus& status) override {
        EXPECT_FALSE(exit_) << "reported twice";
        exit_ = status;
        process_.reset();
    }

    boost::asio::io_context loop_;
    Settings settings_;
    ScriptedServer server_{loop_};
    std::string health_ = "200 OK";
    std::string props_status_ = "200 OK";
    std::vector<int> signals_;
    Process::Observer* inner_ = nullptr;
    std::unique_ptr<Process> process_;
    std::vector<Json> frames_;
    std::vector<std::string> lines_;
    std::optional<ExitStatus> exit_;
};

TEST_F(ServerProcessTest, GreetsAndIsReadyWithWhatTheServerSaysOfItself) {
    start_ready();
    EXPECT_EQ(frames_.at(0).at("ev"), "hello");
    EXPECT_EQ(frames_.at(0).at("v"), 1);
    const Json& done = *find("done", 0);
    EXPECT_EQ(done.at("slots"), 3);
    EXPECT_EQ(done.at("meta").at("name"), "small");
    EXPECT_EQ(done.at("meta").at("context"), 512);
    EXPECT_EQ(process_->pid(), 0);
}

TEST_F(ServerProcessTest, WaitsWhileTheServerLoads) {
    health_ = "503 Service Unavailable";
    start(true);
    wait_until([&] { return server_.guests.size() > 3; });
    EXPECT_EQ(find("done", 0), nullptr);
    EXPECT_EQ(find("error", 0), nullptr);
    health_ = "200 OK";
    wait_for("done", 0);
}

TEST_F(ServerProcessTest, AServerWithoutHealthIsAskedForItsModels) {
    health_ = "404 Not Found";
    props_status_ = "404 Not Found";
    start_ready();
    EXPECT_EQ(find("done", 0)->at("slots"), 2) << "it does not say: what the load said";
    EXPECT_EQ(find("done", 0)->at("meta").at("server"), "openai");
}

TEST_F(ServerProcessTest, OneThatIsLateIsGivenUpInTheWordsThatArePublished) {
    settings_.upstream_start = 40ms;
    health_ = "503 Service Unavailable";
    start(true);
    const Json& error = wait_for("error", 0);
    EXPECT_EQ(error.at("message"), "llama-server failed to start within 40ms");
    EXPECT_EQ(error.at("code"), "model_load_failed");
}

TEST_F(ServerProcessTest, OneThatDiesWhileItStartsSaysSoInTheWordsThatArePublished) {
    health_ = "503 Service Unavailable";
    start(true);
    inner_->on_log_line("error: the key k3y is too short");
    inner_->on_exit({.code = 1});
    ASSERT_TRUE(exit_);
    EXPECT_EQ(exit_->describe(), "exited with code 1");
    EXPECT_THAT(lines_, ElementsAre("error: the key (secret) is too short",
                                    "error: llama-server process died during startup"));
}

TEST_F(ServerProcessTest, ARouteBecomesARequestWithItsKeyAndChunksBecomeFrames) {
    start_ready();
    ask(1);
    EXPECT_THAT(guest().request, HasSubstr("POST /v1/chat/completions HTTP/1.1\r\n"));
    EXPECT_THAT(guest().request, HasSubstr("Authorization: Bearer k3y\r\n"));
    EXPECT_THAT(guest().request, HasSubstr("{\"messages\":[]}"));
    wait_for("head", 1);
    guest().say(ScriptedServer::chunk("data: {\"a\":1}\n\ndata"));
    EXPECT_EQ(wait_for("body", 1).at("data"), "data: {\"a\":1}\n\n");
    EXPECT_EQ(find("done", 1), nullptr);
    guest().say(ScriptedServer::chunk(": [DONE]\n\n") + ScriptedServer::chunk(""));
    wait_for("done", 1);
    EXPECT_EQ(count("body"), 2U);
}

TEST_F(ServerProcessTest, CancellingClosesTheConnectionAndEndsOnce) {
    start_ready();
    ask(1);
    wait_for("head", 1);
    process_->send({{"op", "cancel"}, {"id", 1}});
    EXPECT_EQ(find("done", 1), nullptr) << "not from within the call";
    EXPECT_EQ(wait_for("done", 1).at("reason"), "cancelled");
    wait_until([&] { return guest().left(); });
    process_->send({{"op", "cancel"}, {"id", 1}});
    process_->send({{"op", "credit"}, {"id", 1}, {"n", 5}});
    loop_.run_for(10ms);
    EXPECT_EQ(count("done"), 2U) << "of the load and of the job";
}

TEST_F(ServerProcessTest, WithoutCreditNothingIsReadAndCancellingStillWorks) {
    start_ready();
    ask(1);
    wait_for("head", 1);
    const std::string event = ScriptedServer::chunk("data: {}\n\n");
    for (std::int64_t sent = 0; sent < limits::credit_at_start; ++sent) {
        guest().say(event);
        wait_until([&] { return count("body") > static_cast<std::size_t>(sent); });
    }
    guest().say(event);
    loop_.run_for(20ms);
    EXPECT_EQ(count("body"), static_cast<std::size_t>(limits::credit_at_start));
    process_->send({{"op", "credit"}, {"id", 1}, {"n", 1}});
    wait_until([&] { return count("body") > static_cast<std::size_t>(limits::credit_at_start); });
    process_->send({{"op", "cancel"}, {"id", 1}});
    wait_for("done", 1);
}

TEST_F(ServerProcessTest, APingIsAnsweredWhenTheServerHasShownThatItLives) {
    start_ready();
    server_.answer = nullptr;
    process_->send({{"op", "ping"}, {"t", 1}});
    loop_.run_for(20ms);
    EXPECT_EQ(count("pong"), 0U);
    process_->send({{"op", "ping"}, {"t", 2}});
    guest().say(ScriptedServer::json("{}", "200 OK"));
    wait_until([&] { return count("pong") == 1; });
    EXPECT_EQ(frames_.back().at("t"), 2);
}

TEST_F(ServerProcessTest, AServerOfOthersThatTakesNoConnectionAnyMoreIsGone) {
    start_ready();
    server_.close();
    process_->send({{"op", "ping"}, {"t", 1}});
    wait_until([&] { return exit_.has_value(); });
    EXPECT_EQ(exit_->describe(), "took no connection any more");
}

TEST_F(ServerProcessTest, OneOfOursIsToldToEndWhenItsLastJobIsOverAndThenMadeTo) {
    settings_.worker_kill = 10ms;
    start_ready(true);
    EXPECT_EQ(process_->pid(), 4711);
    ask(1);
    process_->send({{"op", "shutdown"}, {"deadline_ms", 1000}});
    loop_.run_for(20ms);
    EXPECT_THAT(signals_, IsEmpty());
    guest().say(ScriptedServer::chunk(""));
    wait_until([&] { return signals_.size() == 2; });
    EXPECT_THAT(signals_, ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(ServerProcessTest, OneOfOthersIsLetGoAndHearsNothing) {
    start_ready();
    process_->send({{"op", "shutdown"}, {"deadline_ms", 1000}});
    EXPECT_FALSE(exit_);
    wait_until([&] { return exit_.has_value(); });
    EXPECT_EQ(exit_->describe(), "was let go");
}

TEST_F(ServerProcessTest, WhenItIsDestroyedWithJobsUnderWayNobodyHearsOfThem) {
    start_ready();
    ask(1);
    ask(2);
    process_.reset();
    const std::size_t frames = frames_.size();
    loop_.run_for(20ms);
    EXPECT_EQ(frames_.size(), frames);
    EXPECT_FALSE(exit_);
}

TEST_F(ServerProcessTest, AConnectionThatBreaksIsAnErrorOfItsJobAlone) {
    start_ready();
    ask(1);
    ask(2);
    guest().leave();
    EXPECT_THAT(wait_for("error", 2).at("message").get<std::string>(),
                HasSubstr("closed the connection"));
    EXPECT_EQ(find("error", 1), nullptr);
}

}  // namespace
}  // namespace threadrunner
