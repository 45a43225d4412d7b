#include "cli/conversation.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>

#include "base/text.h"

namespace threadrunner::cli {
namespace {

constexpr std::int64_t request_id = 1;

int poll_timeout(std::optional<Clock::time_point> wake_at) {
    if (!wake_at) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake_at - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

Conversation::Conversation(Connection& connection, Console& console, View& view, Consent& consent)
    : connection_(connection), console_(console), view_(view), consent_(consent) {}

Result<Ending> Conversation::run(const wire::Json& request, const Waits& waits) {
    auto ending = converse(request, waits);
    consent_.withdraw();
    view_.finish();
    return ending;
}

Result<Ending> Conversation::converse(const wire::Json& request, const Waits& waits) {
    answer_by_ = Clock::now() + waits.first_answer;
    until_ = waits.until;
    if (auto sent = connection_.send(request, *answer_by_); !sent) {
        return std::unexpected(sent.error());
    }
    for (;;) {
        for (const auto step : {&Conversation::take_events, &Conversation::follow_answer,
                                &Conversation::follow_interrupt}) {
            auto ending = (this->*step)();
            if (!ending) {
                return std::unexpected(ending.error());
            }
            if (*ending) {
                return **std::move(ending);
            }
        }
        if (auto in_time = check_deadlines(); !in_time) {
            return std::unexpected(in_time.error());
        }
        view_.tick(Clock::now());
        if (auto written = console_.pump(); !written) {
            return std::unexpected(written.error());
        }
        if (console_.reader_left()) {
            return Ending{.how = Ending::How::reader_left};
        }
        wait();
    }
}

Result<std::optional<Ending>> Conversation::take_events() {
    const auto now = Clock::now();
    for (;;) {
        auto message = connection_.next();
        if (!message) {
            return std::unexpected(message.error());
        }
        if (!*message) {
            return std::nullopt;
        }
        auto& [id, event, document] = **message;
        if (id != request_id) {
            continue;  // the answer to what we asked about the job
        }
        answer_by_.reset();
        make_way_for(event);
        view_.show(event, document, now);
        consent_.come_back();
        if (auto ending = follow_event(event); !ending || *ending) {
            return ending;
        }
    }
}

/// Whatever becomes of a call that is asked about, it is not to be asked about any more.
void Conversation::make_way_for(const Event& event) {
    const auto* const tool = std::get_if<event::Tool>(&event);
    if (tool != nullptr && consent_.asks_about(tool->call)) {
        consent_.withdraw();
    } else {
        consent_.step_aside();
    }
}

Result<std::optional<Ending>> Conversation::follow_event(Event& event) {
    if (auto* accepted = std::get_if<event::Accepted>(&event)) {
        job_ = std::move(accepted->job);
    } else if (const auto* tool = std::get_if<event::Tool>(&event)) {
        return follow_tool(*tool);
    } else if (auto* error = std::get_if<Error>(&event)) {
        return std::unexpected(std::move(*error));
    } else if (auto* done = std::get_if<event::Done>(&event)) {
        const bool ours = interrupts_.noted();
        return Ending{.how = ours ? Ending::How::interrupted : Ending::How::done,
                      .done = std::move(*done)};
    }
    return std::nullopt;
}

Result<std::optional<Ending>> Conversation::follow_tool(const event::Tool& tool) {
    if (tool.state != event::Tool::State::asks || cancelled_by_) {
        return std::nullopt;
    }
    const auto answer = consent_.ask(tool);
    return answer ? permit(tool.call, *answer) : std::nullopt;
}

Result<std::optional<Ending>> Conversation::follow_answer() {
    const auto answer = consent_.take();
    return answer ? permit(consent_.call(), *answer) : std::nullopt;
}

Result<std::optional<Ending>> Conversation::permit(const std::string& call, bool allow) {
    const wire::Json answer = {{"v", 2},      {"id", next_id_++}, {"op", "permit"},
                               {"job", job_}, {"call", call},     {"allow", allow}};
    if (auto sent = connection_.send(answer, Clock::now() + limits::first_answer_within); !sent) {
        return std::unexpected(sent.error());
    }
    return std::nullopt;
}

Result<std::optional<Ending>> Conversation::follow_interrupt() {
    if (!interrupts_.noted()) {
        return std::nullopt;
    }
    const bool first = !cancelled_by_;
    if (first) {
        cancelled_by_ = Clock::now() + limits::cancel_within;
        consent_.withdraw();
    }
    if (job_.empty() || Clock::now() >= *cancelled_by_) {
        return Ending{.how = Ending::How::interrupted};
    }
    if (first) {
        const wire::Json cancel = {{"v", 2}, {"id", next_id_++}, {"op", "cancel"}, {"job", job_}};
        if (auto sent = connection_.send(cancel, *cancelled_by_); !sent) {
            return Ending{.how = Ending::How::interrupted};
        }
    }
    return std::nullopt;
}

Result<void> Conversation::check_deadlines() const {
    const auto now = Clock::now();
    if (until_ && now >= *until_ + limits::deadline_grace) {
        return fail(ErrorCode::timeout, "no whole answer within the time that --timeout allows");
    }
    if (answer_by_ && now >= *answer_by_) {
        return fail(ErrorCode::timeout,
                    "the daemon accepts connections but does not answer; threadrunner logs shows "
                    "more");
    }
    return {};
}

std::optional<Clock::time_point> Conversation::wake_at() const {
    std::optional<Clock::time_point> first;
    const auto consider = [&](std::optional<Clock::time_point> time) {
        if (time && (!first || *time < *first)) {
            first = time;
        }
    };
    consider(answer_by_);
    consider(until_ ? std::optional(*until_ + limits::deadline_grace) : std::nullopt);
    consider(cancelled_by_);
    consider(view_.wake_at());
    return first;
}

void Conversation::wait() {
    const bool room = console_.pending_bytes() < limits::unwritten_bytes_max;
    const int interrupt_fd = cancelled_by_ ? -1 : interrupts_.fd();
    std::array polled = {
        pollfd{.fd = room ? connection_.fd() : -1, .events = POLLIN, .revents = 0},
        pollfd{.fd = console_.waits_for(), .events = POLLOUT, .revents = 0},
        pollfd{.fd = console_.out_fd(), .events = 0, .revents = 0},
        pollfd{.fd = interrupt_fd, .events = POLLIN, .revents = 0},
        pollfd{.fd = consent_.fd(), .events = POLLIN, .revents = 0},
    };
    if (::poll(polled.data(), polled.size(), poll_timeout(wake_at())) <= 0) {
        return;
    }
    if (polled[0].revents != 0) {
        connection_.receive();
    }
    if ((polled[2].revents & POLLERR) != 0) {
        console_.note_reader_left();
    }
}

}  // namespace threadrunner::cli
