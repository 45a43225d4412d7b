#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/event.h"
#include "worker/kind.h"
#include "worker/process.h"

namespace threadrunner {

/// For tests: one life of a worker whose part a test plays.
class ScriptedWorker {
public:
    ScriptedWorker(Command given, Process::Observer& listener, pid_t number)
        : command(std::move(given)), pid(number), observer_(&listener) {}

    /// A frame as it comes off the wire.
    void say(const wire::Json& frame) {
        if (observer_ != nullptr) {
            observer_->on_frame(wire::decode_msgpack(wire::encode_msgpack(frame)).value());
        }
    }
    void greet(int slots) { say({{"ev", "hello"}, {"v", 1}, {"slots", slots}}); }
    void log(const std::string& line) { observer_->on_log_line(line); }
    void token(std::int64_t id, const std::string& text) {
        say({{"ev", "token"}, {"id", id}, {"text", text}});
    }
    void done(std::int64_t id) { say({{"ev", "done"}, {"id", id}}); }
    /// The process is gone; the test must not speak for it any more.
    void exit(const ExitStatus& status) {
        if (Process::Observer* observer = std::exchange(observer_, nullptr)) {
            observer->on_exit(status);
        }
    }
    void crash() { exit({.signal = SIGSEGV}); }

    /// Pings that came since the last call are answered.
    void answer_pings(std::uint64_t progress = 0) {
        for (; pings_answered_ < sent.size(); ++pings_answered_) {
            if (sent[pings_answered_].at("op") == "ping") {
                say({{"ev", "pong"}, {"progress", progress}});
            }
        }
    }

    /// The frames with this op that it was sent, in order.
    [[nodiscard]] std::vector<wire::Json> sent_with(const std::string& op) const {
        std::vector<wire::Json> out;
        for (const wire::Json& frame : sent) {
            if (frame.at("op") == op) {
                out.push_back(frame);
            }
        }
        return out;
    }
    /// The texts of the jobs that it was given, in order.
    [[nodiscard]] std::string work() const {
        std::string out;
        for (const wire::Json& frame : sent_with("work")) {
            out += (out.empty() ? "" : " ") + frame.at("text").get<std::string>();
        }
        return out;
    }
    /// Ends the job with this text that it was last given.
    void finish(const std::string& text) {
        std::int64_t id = 0;
        for (const wire::Json& frame : sent_with("work")) {
            id = frame.at("text") == text ? frame.at("id").get<std::int64_t>() : id;
        }
        done(id);
    }
    [[nodiscard]] bool alive() const { return observer_ != nullptr; }

    const Command command;
    const pid_t pid;
    std::vector<wire::Json> sent;
    std::vector<int> signals;

private:
    friend class ScriptedProcess;
    Process::Observer* observer_;
    std::size_t pings_answered_ = 0;
};

/// The handle that the supervisor has of it.
class ScriptedProcess : public Process {
public:
    explicit ScriptedProcess(ScriptedWorker& worker) : worker_(worker) {}
    ~ScriptedProcess() override { worker_.observer_ = nullptr; }

    [[nodiscard]] pid_t pid() const override { return worker_.pid; }
    void send(const wire::Json& frame) override { worker_.sent.push_back(frame); }
    void signal(int number) override { worker_.signals.push_back(number); }

private:
    ScriptedWorker& worker_;
};

/// Frames in the test's own words: a job's text out; tokens, pairs of them and silent frames in.
class ScriptedExchange : public Exchange {
public:
    explicit ScriptedExchange(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] wire::Json request() const override { return {{"op", "work"}, {"text", text_}}; }

    void receive(const wire::Json& frame, std::vector<Event>& out) override {
        const std::string event = frame.at("ev").get<std::string>();
        if (event == "token" || event == "pair") {
            out.insert(out.end(), event == "pair" ? 2 : 1,
                       event::Token{.text = frame.at("text").get<std::string>()});
        } else if (event == "prompt") {
            out.push_back(event::Prompt{});
        } else if (event == "done") {
            const bool cancelled = frame.value("reason", "") == "cancelled";
            out.push_back(
                event::Done{.reason = cancelled ? event::Reason::cancelled : event::Reason::stop});
        } else if (event == "error") {
            out.push_back(Error{.code = ErrorCode::inference_failed, .message = "no idea"});
        }
    }

private:
    std::string text_;
};

/// A kind whose workers the test plays. Its members are set before the jobs that they are for.
class ScriptedKind : public Kind {
public:
    [[nodiscard]] std::string_view name() const override { return "scripted"; }
    [[nodiscard]] std::string_view backend() const override { return "scripted"; }

    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) const override {
        return Target{.kind = "scripted", .name = spec.model, .profile = {}};
    }

    [[nodiscard]] Result<LaunchPlan> plan(const Target& target) const override {
        ++plans;
        if (!fault.empty()) {
            return fail(ErrorCode::model_load_failed, fault);
        }
        const auto bytes = memory.find(target.name);
        return LaunchPlan{
            .command = {.program = "/scripted", .arguments = {target.name}},
            .load = loads ? std::optional(wire::Json{{"path", target.name}}) : std::nullopt,
            .memory = {{std::string(host_device), bytes == memory.end() ? 0 : bytes->second}},
            .device_limits = {},
            .memory_detail = "all of it weights",
            .idle = idle,
            .threads = threads};
    }

    [[nodiscard]] std::unique_ptr<Exchange> exchange(const Job& job) const override {
        if (const auto* route = std::get_if<work::Route>(&job.spec.work)) {
            return std::make_unique<ScriptedExchange>(route->body);
        }
        const auto* generate = std::get_if<work::Generate>(&job.spec.work);
        return generate == nullptr ? nullptr : std::make_unique<ScriptedExchange>(generate->prompt);
    }

    [[nodiscard]] RestartRules restart_rules(const Settings& settings) const override {
        RestartRules rules = RestartRules::from(settings);
        rules.forgiven_when_ready = forgiven_when_ready;
        return rules;
    }

    bool forgiven_when_ready = false;
    bool loads = false;  ///< its workers are ready after a load, not when they greet
    std::string fault;   ///< why no plan can be made
    std::optional<std::chrono::milliseconds> idle;  ///< how long its workers stay
    std::map<std::string, std::uint64_t> memory;    ///< bytes a model; nothing: none
    std::uint64_t threads = 0;                      ///< cores that each of its workers computes on
    mutable std::atomic<int> plans = 0;
};

}  // namespace threadrunner
