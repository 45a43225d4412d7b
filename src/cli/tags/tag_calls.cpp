#include "cli/tags/tag_calls.h"

#include <poll.h>

#include <array>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "cli/interrupts.h"

namespace threadrunner::cli {
namespace {

constexpr int step_ms = 100;
constexpr std::size_t under_way_max = 256;  ///< several times what a tool's pipe takes
constexpr auto send_within = std::chrono::seconds(30);

}  // namespace

Result<void> TagCalls::run() {
    InterruptScope interrupts;
    values_.resize(order_.count);
    while (ended_ < order_.count) {
        if (auto sent = send(); !sent) {
            return sent;
        }
        if (auto taken = take_events(); !taken) {
            return taken;
        }
        order_.on_step();
        if (interrupts.noted()) {
            return fail(ErrorCode::cancelled, "stopped");
        }
        if (order_.until && Clock::now() >= *order_.until) {
            return fail(ErrorCode::timeout, "not done within the time that --timeout allows");
        }
        if (ended_ == order_.count) {
            break;
        }
        std::array polled = {pollfd{.fd = connection_.fd(), .events = POLLIN, .revents = 0},
                             pollfd{.fd = interrupts.fd(), .events = POLLIN, .revents = 0}};
        if (::poll(polled.data(), polled.size(), step_ms) > 0 && polled[0].revents != 0) {
            connection_.receive();
        }
    }
    return {};
}

Result<void> TagCalls::send() {
    for (; sent_ < order_.count && sent_ - ended_ < under_way_max; ++sent_) {
        wire::Json request = order_.request(sent_);
        request["v"] = 2;
        request["id"] = sent_ + 1;
        if (auto sent = connection_.send(request, Clock::now() + send_within); !sent) {
            return sent;
        }
    }
    return {};
}

Result<void> TagCalls::take_events() {
    for (;;) {
        auto message = connection_.next();
        if (!message) {
            return std::unexpected(message.error());
        }
        if (!*message) {
            return {};
        }
        auto& [id, event, document] = **message;
        const auto index = static_cast<std::size_t>(id - 1);
        if (id < 1 || index >= sent_) {
            continue;
        }
        if (auto* output = std::get_if<event::Output>(&event)) {
            values_[index] = std::move(output->value);
        } else if (auto* error = std::get_if<Error>(&event)) {
            end(index, std::unexpected(std::move(*error)));
        } else if (const auto* done = std::get_if<event::Done>(&event)) {
            const bool cancelled = done->reason == event::Reason::cancelled;
            end(index, cancelled ? fail(ErrorCode::cancelled, "the call was cancelled")
                                 : Result<wire::Json>(std::move(values_[index])));
        }
    }
}

void TagCalls::end(std::size_t index, Result<wire::Json> value) {
    ++ended_;
    values_[index] = nullptr;
    order_.ended(index, std::move(value));
}

}  // namespace threadrunner::cli
