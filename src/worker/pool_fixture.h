#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "job/recording_sink.h"
#include "worker/pool.h"
#include "worker/scripted_worker.h"

namespace threadrunner {

/// For tests: a pool whose processes the test plays. Settings are to be changed before the first
/// call of submit(); nothing happens by itself but what a test waits for.
class PoolFixture : public testing::Test {
protected:
    static constexpr std::uint64_t budget_bytes = 1000;
    static constexpr auto never = std::chrono::milliseconds(std::chrono::hours(24));

    /// Who asked for a job, and what it heard.
    struct Client {
        JobId id = 0;
        RecordingSink sink;

        [[nodiscard]] std::string story() const { return sink.story(); }
    };

    PoolFixture() { settings_.worker_ping = std::chrono::hours(1); }

    ~PoolFixture() override { files_.join(); }

    Pool& pool() {
        if (!pool_) {
            auto kind = std::make_unique<ScriptedKind>();
            kind->loads = kind_.loads;
            kind->forgiven_when_ready = kind_.forgiven_when_ready;
            kind->fault = kind_.fault;
            kind->memory = kind_.memory;
            kind->threads = kind_.threads;
            kind->idle = kind_.idle;
            made_kind_ = kind.get();
            std::vector<std::unique_ptr<Kind>> kinds;
            kinds.push_back(std::move(kind));
            pool_ = std::make_unique<Pool>(
                loop_.get_executor(), files_, jobs_, settings_, budget_bytes, std::move(kinds),
                [this](const Command& command, Process::Observer& observer) {
                    return spawn(command, observer);
                });
            jobs_.set_runner(*pool_);
        }
        return *pool_;
    }

    [[nodiscard]] static JobSpec asks(const std::string& text, const std::string& model = "m") {
        work::Generate generate;
        generate.prompt = text;
        JobSpec spec;
        spec.backend = "scripted";
        spec.model = model;
        spec.work = std::move(generate);
        return spec;
    }

    [[nodiscard]] static JobSpec loads(const std::string& model = "m") {
        JobSpec spec = asks("", model);
        spec.work = work::Load{};
        return spec;
    }

    /// A job that takes several slots.
    [[nodiscard]] static JobSpec asks_for_answers(const std::string& text, std::size_t answers) {
        JobSpec spec = asks(text);
        spec.work = work::Route{.path = "/v1/completions", .body = text, .slots = answers};
        return spec;
    }

    Client& submit(JobSpec spec) {
        pool();
        Client& client = clients_.emplace_back();
        client.id = jobs_.submit(std::move(spec), client.sink);
        settle();
        return client;
    }
    Client& submit(const std::string& text, const std::string& model = "m") {
        return submit(asks(text, model));
    }

    /// The n-th process ever started, from 0.
    ScriptedWorker& worker(std::size_t n) { return workers_.at(n); }
    [[nodiscard]] std::size_t started() const { return workers_.size(); }

    /// A job given to a new worker with so many slots.
    ScriptedWorker& start(const std::string& text, int slots, const std::string& model = "m") {
        submit(text, model);
        ScriptedWorker& newest = workers_.back();
        newest.greet(slots);
        settle();
        return newest;
    }

    Supervisor& supervisor(const std::string& model = "m") {
        return *pool().workers().at(Target{.kind = "scripted", .name = model, .profile = {}});
    }

    /// Lets everything happen that can without waiting.
    void settle() {
        constexpr int rounds = 4;  ///< from the loop to the files' thread and back, and again
        for (int i = 0; i < rounds; ++i) {
            std::promise<void> idle;
            boost::asio::post(files_, [&] { idle.set_value(); });
            idle.get_future().wait();
            loop_.poll();
        }
    }

    /// Runs the loop until a condition that timers bring about. The guard is for a broken program.
    void wait_until(const std::function<bool()>& condition) {
        constexpr auto guard = std::chrono::seconds(30);
        const auto give_up = Clock::now() + guard;
        while (!condition()) {
            ASSERT_LT(Clock::now(), give_up) << "it never happened";
            loop_.run_one_for(std::chrono::milliseconds(1));
        }
    }

    Settings settings_;
    ScriptedKind kind_;  ///< how the pool's kind is to be made
    ScriptedKind* made_kind_ = nullptr;
    bool spawn_fails_ = false;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(loop_);
    boost::asio::thread_pool files_{1};
    std::deque<ScriptedWorker> workers_;
    std::deque<Client> clients_;
    Jobs jobs_{loop_.get_executor(), 1000};

private:
    Result<std::unique_ptr<Process>> spawn(const Command& command, Process::Observer& observer) {
        if (spawn_fails_) {
            return fail(ErrorCode::internal, "cannot fork");
        }
        constexpr pid_t first_pid = 1000;
        workers_.emplace_back(command, observer, first_pid + static_cast<pid_t>(workers_.size()));
        return std::make_unique<ScriptedProcess>(workers_.back());
    }

    std::unique_ptr<Pool> pool_;
};

}  // namespace threadrunner
