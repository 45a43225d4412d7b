#include "cli/bench/streams.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <variant>

#include "cli/interrupts.h"

namespace threadrunner::cli {
namespace {

constexpr int step_ms = 100;

/// Requests under way on one connection.
class Streams {
public:
    Streams(Connection& connection, std::int64_t first_id, const StreamWaits& waits)
        : connection_(connection), first_id_(first_id), waits_(waits) {}

    Result<void> send(std::vector<wire::Json> requests) {
        times_.resize(requests.size());
        left_ = requests.size();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            requests[i]["id"] = first_id_ + static_cast<std::int64_t>(i);
            times_[i].asked = Clock::now();
            if (auto sent = connection_.send(requests[i], Clock::now() + waits_.silence); !sent) {
                return sent;
            }
        }
        return {};
    }

    Result<std::vector<StreamTimes>> finish(const std::function<void()>& on_step) {
        heard_ = Clock::now();
        while (left_ > 0) {
            if (auto taken = take_events(); !taken) {
                return std::unexpected(taken.error());
            }
            if (auto in_time = check(); left_ > 0 && !in_time) {
                return std::unexpected(in_time.error());
            }
            on_step();
            if (left_ > 0) {
                wait();
            }
        }
        return std::move(times_);
    }

private:
    Result<void> take_events() {
        for (;;) {
            auto message = connection_.next();
            if (!message) {
                return std::unexpected(message.error());
            }
            if (!*message) {
                return {};
            }
            const std::int64_t index = (*message)->id - first_id_;
            if (index < 0 || index >= static_cast<std::int64_t>(times_.size())) {
                continue;  // of an earlier run
            }
            heard_ = came_;
            if (auto taken = take(times_[static_cast<std::size_t>(index)], (*message)->event);
                !taken) {
                return taken;
            }
        }
    }

    Result<void> take(StreamTimes& stream, Event& event) {
        const bool speaks = std::holds_alternative<event::Token>(event) ||
                            std::holds_alternative<event::Reasoning>(event);
        if (speaks) {
            stream.tokens.push_back(came_);
        } else if (auto* error = std::get_if<Error>(&event)) {
            return std::unexpected(std::move(*error));
        } else if (const auto* done = std::get_if<event::Done>(&event)) {
            stream.usage = done->usage.value_or(event::Usage());
            --left_;
        }
        return {};
    }

    [[nodiscard]] Result<void> check() const {
        if (interrupts_.noted()) {
            return fail(ErrorCode::cancelled, "stopped");
        }
        const auto now = Clock::now();
        if (waits_.until && now >= *waits_.until) {
            return fail(ErrorCode::timeout, "not measured within the time that --timeout allows");
        }
        if (now >= heard_ + waits_.silence) {
            return fail(ErrorCode::timeout,
                        "the daemon says nothing; threadrunner logs shows more");
        }
        return {};
    }

    void wait() {
        std::array polled = {pollfd{.fd = connection_.fd(), .events = POLLIN, .revents = 0},
                             pollfd{.fd = interrupts_.fd(), .events = POLLIN, .revents = 0}};
        if (::poll(polled.data(), polled.size(), step_ms) > 0 && polled[0].revents != 0) {
            connection_.receive();
            came_ = Clock::now();
        }
    }

    Connection& connection_;
    std::int64_t first_id_;
    StreamWaits waits_;
    InterruptScope interrupts_;
    std::vector<StreamTimes> times_;
    std::size_t left_ = 0;
    Clock::time_point came_;   ///< when the bytes came that are being read
    Clock::time_point heard_;  ///< when there was an event last
};

}  // namespace

Result<std::vector<StreamTimes>> run_streams(Connection& connection,
                                             std::vector<wire::Json> requests,
                                             std::int64_t first_id, const StreamWaits& waits,
                                             const std::function<void()>& on_step) {
    Streams streams(connection, first_id, waits);
    if (auto sent = streams.send(std::move(requests)); !sent) {
        return std::unexpected(sent.error());
    }
    return streams.finish(on_step);
}

}  // namespace threadrunner::cli
