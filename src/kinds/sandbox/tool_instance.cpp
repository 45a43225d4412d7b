#include "kinds/sandbox/tool_instance.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/text.h"
#include "base/tool_limits.h"
#include "wire/fields.h"

namespace threadrunner {

using std::chrono::milliseconds;
using wire::Json;

ToolInstance::ToolInstance(const boost::asio::any_io_executor& executor, milliseconds patience,
                           Observer& observer)
    : patience_(patience), observer_(observer), timer_(executor) {}

Result<void> ToolInstance::start(const Command& command, const Spawner& spawner) {
    auto spawned = spawner(command, *this);
    if (!spawned) {
        return std::unexpected(spawned.error());
    }
    process_ = *std::move(spawned);
    return {};
}

void ToolInstance::call(ToolCallPtr call) {
    process_->send_piped(call->request);
    call->request.clear();
    calls_.push_back(std::move(call));
    if (calls_.size() == 1) {
        arm();
    }
}

bool ToolInstance::cancel(std::int64_t id) {
    const auto found = std::ranges::find(calls_, id, [](const ToolCallPtr& c) { return c->id; });
    if (found == calls_.end()) {
        return false;
    }
    (*found)->cancelled = true;
    if (found == calls_.begin()) {
        arm();
    }
    return true;
}

/// The module begins with the first call, or its time has become shorter.
void ToolInstance::arm() {
    if (trap_ || !fault_.empty()) {
        return;
    }
    if (calls_.empty()) {
        timer_.cancel();
        tell({{"op", "arm"}, {"deadline_ms", 0}});
        return;
    }
    const ToolCall& first = *calls_.front();
    const auto now = Clock::now();
    milliseconds left =
        first.cancelled ? std::min<milliseconds>(patience_, limits::tool_cancel_within) : patience_;
    if (first.deadline) {
        left = std::min(left, std::chrono::ceil<milliseconds>(*first.deadline - now));
    }
    left = std::max(left, milliseconds(1));  // 0 would be none
    tell({{"op", "arm"}, {"deadline_ms", left.count()}});
    kill_at(now + left + limits::tool_overdue_after, "ran on after its time was over");
}

/// `fault` must outlive the instance.
void ToolInstance::kill_at(Clock::time_point time, std::string_view fault) {
    timer_.expires_at(time);
    timer_.async_wait([this, fault](const boost::system::error_code& cancelled) {
        if (!cancelled && !ended_) {
            fault_ = fault;
            if (!trap_) {
                trap_ = Error{.code = ErrorCode::timeout, .message = fault_};
            }
            signal(SIGKILL);
        }
    });
}

void ToolInstance::on_frame(const Json& frame) {
    wire::Fields fields(frame, "a frame");
    if (!frame.is_object() || fields.text("ev") != "trap") {
        observer_.instance_says(frame);
        return;
    }
    trap_ = Error{.code = error_code_from(fields.text("code").value_or("worker_crashed")),
                  .message = fields.text("message").value_or("the module ended")};
    kill_at(Clock::now() + limits::tool_trap_exits_within, "did not end after its module had");
}

void ToolInstance::on_piped_frame(std::string_view payload) {
    if (calls_.empty()) {
        fault_ = "sent a reply that nobody had asked for";
        signal(SIGKILL);
        return;
    }
    const ToolCallPtr call = std::move(calls_.front());
    calls_.pop_front();
    arm();
    observer_.instance_replies(call, payload);
}

void ToolInstance::on_exit(const ExitStatus& status) {
    ended_ = true;
    timer_.cancel();
    End end{.status = status, .calls = std::exchange(calls_, {}), .trap = std::move(trap_)};
    if (end.status.fault.empty()) {
        end.status.fault = fault_;
    }
    observer_.instance_ends(std::move(end));
}

}  // namespace threadrunner
