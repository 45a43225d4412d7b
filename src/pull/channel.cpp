#include "pull/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "base/version.h"

namespace threadrunner::pull {
namespace {

std::string text_in(const wire::Json& frame, const char* name) {
    const auto found = frame.find(name);
    return found != frame.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::optional<wire::Json> Channel::await_order() {
    send({{"ev", "hello"},
          {"v", 1},
          {"kind", "pull"},
          {"version", version},
          {"pid", ::getpid()},
          {"slots", 1},
          {"caps", {"load"}}});
    while (!over_ && !order_) {
        poll(limits::pull_poll_every);
    }
    return over_ ? std::nullopt : std::exchange(order_, std::nullopt);
}

Result<void> Channel::pump() {
    ++steps_;
    poll(std::chrono::milliseconds(0));
    const auto silence = Clock::now() - told_;
    const bool due = silence >= (unsaid_ ? limits::pull_event_every : limits::pull_repeat_every);
    if (!said_.is_null() && due) {
        say();  // what has moved meanwhile; else again, for those who came later
    }
    return over_ ? fail(ErrorCode::cancelled,
                        "the pull was cancelled; it goes on from here when "
                        "it is asked for again")
                 : Result<void>();
}

Result<void> Channel::wait(std::chrono::milliseconds duration) {
    const auto until = Clock::now() + duration;
    for (;;) {
        if (auto wanted = pump(); !wanted) {
            return wanted;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        if (left.count() <= 0) {
            return {};
        }
        poll(std::min<std::chrono::milliseconds>(left, limits::pull_poll_every));
    }
}

void Channel::await_end() {
    while (!over_) {
        poll(limits::pull_poll_every);
    }
}

void Channel::progress(const std::string& stage, std::uint64_t done, std::uint64_t total,
                       bool now) {
    const double part =
        total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0;
    said_ = {{"ev", "load"}, {"id", 0}, {"stage", stage}, {"fraction", part}};
    if (done > 0 || total > 0) {
        said_["done_bytes"] = done;
    }
    if (total > 0) {
        said_["total_bytes"] = total;
    }
    unsaid_ = true;
    if (now || Clock::now() - told_ >= limits::pull_event_every) {
        say();
    }
}

void Channel::say() {
    told_ = Clock::now();
    unsaid_ = false;
    send(said_);
}

void Channel::poll(std::chrono::milliseconds within) {
    pollfd state{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&state, 1, static_cast<int>(within.count())) > 0) {
        read();
    }
}

void Channel::read() {
    const auto taken = line_.read([this](std::string_view payload) {
        if (const auto frame = wire::decode_msgpack(payload); frame && frame->is_object()) {
            take(*frame);
        }
        return Result<void>();
    });
    over_ = over_ || !taken || !line_.open();
}

void Channel::take(const wire::Json& frame) {
    const std::string op = text_in(frame, "op");
    if (op == "ping") {
        send({{"ev", "pong"}, {"t", frame.value("t", wire::Json())}, {"progress", steps_}});
    } else if (op == "load") {
        order_ = frame;
    } else if (op == "cancel" || op == "shutdown") {
        over_ = true;
    }
}

void Channel::send(const wire::Json& frame) {
    std::string bytes;
    wire::append_frame(bytes, wire::encode_msgpack(frame));
    std::string_view left = bytes;
    while (!left.empty() && !over_) {
        const ssize_t sent = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            left.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            pollfd state{.fd = fd_, .events = POLLOUT, .revents = 0};
            ::poll(&state, 1,
                   static_cast<int>(limits::pull_poll_every / std::chrono::milliseconds(1)));
        } else if (errno != EINTR) {
            over_ = true;
        }
    }
}

}  // namespace threadrunner::pull
