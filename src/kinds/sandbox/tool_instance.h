#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "kinds/sandbox/tool_call.h"
#include "worker/process.h"

namespace threadrunner {

/// One process of threadrunner-sandbox, which runs a tool's module: control frames on its fd 3, the
/// module's own on its stdin and stdout, a reply a request and in their order. It keeps many calls
/// on the pipe and tells the host how long the first of them has (`arm`); a host that does not act
/// on that is killed. On the event loop.
class ToolInstance : private Process::Observer {
public:
    /// How the process ended.
    struct End {
        ExitStatus status;
        std::deque<ToolCallPtr> calls;  ///< that had no reply; the module was at the first
        std::optional<Error> trap;      ///< what the host said of the module's end
    };

    class Observer {
    public:
        Observer() = default;
        Observer(const Observer&) = delete;
        Observer& operator=(const Observer&) = delete;
        virtual ~Observer() = default;

        virtual void instance_says(const wire::Json& frame) = 0;
        virtual void instance_logs(std::string_view line) = 0;
        /// The module's reply, as it came; valid during the call.
        virtual void instance_replies(ToolCallPtr call, std::string_view payload) = 0;
        /// It is gone. Called once, last.
        virtual void instance_ends(End end) = 0;
    };

    /// `patience` is how long a call may take. The observer outlives the instance.
    ToolInstance(const boost::asio::any_io_executor& executor, std::chrono::milliseconds patience,
                 Observer& observer);

    [[nodiscard]] Result<void> start(const Command& command, const Spawner& spawner);

    /// A frame for the host.
    void tell(const wire::Json& frame) { process_->send(frame); }
    void call(ToolCallPtr call);
    /// Gives a call that nobody waits for any more a moment, once the module is at it. False: it is
    /// not here.
    bool cancel(std::int64_t id);
    void signal(int number) { process_->signal(number); }

    [[nodiscard]] pid_t pid() const { return process_->pid(); }
    [[nodiscard]] std::size_t under_way() const { return calls_.size(); }
    [[nodiscard]] bool ended() const { return ended_; }

private:
    void on_frame(const wire::Json& frame) override;
    void on_log_line(std::string_view line) override { observer_.instance_logs(line); }
    void on_piped_frame(std::string_view payload) override;
    void on_exit(const ExitStatus& status) override;

    void arm();
    void kill_at(Clock::time_point time, std::string_view fault);

    std::chrono::milliseconds patience_;
    Observer& observer_;
    boost::asio::steady_timer timer_;
    std::unique_ptr<Process> process_;
    std::deque<ToolCallPtr> calls_;
    std::optional<Error> trap_;
    std::string fault_;  ///< why we killed it, if we did
    bool ended_ = false;
};

}  // namespace threadrunner
