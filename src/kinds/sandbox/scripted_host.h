#pragma once

#include <algorithm>
#include <csignal>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/decode.h"
#include "worker/process.h"

namespace threadrunner {

/// For tests: a process of threadrunner-sandbox that the test plays. It outlives its handle.
struct ScriptedHost {
    Process::Observer* observer = nullptr;  ///< null: its handle was destroyed
    std::vector<wire::Json> told;           ///< control frames
    std::deque<wire::Json> requests;        ///< of the module, not answered yet
    std::vector<int> signals;

    void say(const wire::Json& frame) const { observer->on_frame(frame); }
    /// The module's answer to its first request.
    void reply(wire::Json answer) {
        answer["id"] = requests.front().at("id");
        requests.pop_front();
        observer->on_piped_frame(wire::encode_msgpack(answer));
    }
    void reply_bytes(std::string_view bytes) {
        requests.pop_front();
        observer->on_piped_frame(bytes);
    }
    void end(ExitStatus status = {.signal = SIGKILL}) const { observer->on_exit(status); }

    /// The last deadline that it was told.
    [[nodiscard]] std::optional<int> armed_ms() const {
        std::optional<int> out;
        for (const wire::Json& frame : told) {
            if (frame.at("op") == "arm") {
                out = frame.at("deadline_ms").get<int>();
            }
        }
        return out;
    }
    [[nodiscard]] bool was_told(std::string_view op) const {
        return std::any_of(told.begin(), told.end(),
                           [&](const wire::Json& frame) { return frame.at("op") == op; });
    }
};

/// Its handle.
class ScriptedHostProcess : public Process {
public:
    ScriptedHostProcess(std::shared_ptr<ScriptedHost> host, Process::Observer& observer)
        : host_(std::move(host)) {
        host_->observer = &observer;
    }
    ~ScriptedHostProcess() override { host_->observer = nullptr; }

    [[nodiscard]] pid_t pid() const override { return 4711; }
    void send(const wire::Json& frame) override { host_->told.push_back(frame); }
    void send_piped(std::string_view payload) override {
        host_->requests.push_back(*wire::decode_msgpack(payload));
    }
    void signal(int number) override { host_->signals.push_back(number); }

private:
    std::shared_ptr<ScriptedHost> host_;
};

}  // namespace threadrunner
