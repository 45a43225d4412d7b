#include "cli/mcp_bridge.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::cli {
namespace {

using wire::Json;

/// Of JSON-RPC 2.0.
constexpr int internal_error = -32603;

/// What its answer has to refer to; null: a notification, or not to be made out.
Json id_of(std::string_view line) {
    const auto message = wire::decode_json(line);
    const bool asks = message && message->is_object() && message->contains("method");
    return asks ? message->value("id", Json(nullptr)) : Json(nullptr);
}

}  // namespace

McpBridge::McpBridge(int in_fd, Console& console, Json request, Connect connect)
    : in_fd_(in_fd),
      console_(console),
      request_(std::move(request)),
      connect_(std::move(connect)) {}

Result<void> McpBridge::run() {
    if (auto reached = reach(); !reached) {
        return reached;
    }
    while (!console_.reader_left() && !(has_input_ended_ && under_way_.empty())) {
        wait();
        take_events();
        if (auto written = console_.pump(); !written) {
            return written;
        }
    }
    return {};
}

Result<void> McpBridge::reach() {
    auto socket = connect_();
    if (!socket) {
        return std::unexpected(socket.error());
    }
    connection_.emplace(*std::move(socket));
    return {};
}

void McpBridge::read_input() {
    std::array<char, 64 * limits::kib> bytes;
    const ssize_t size = ::read(in_fd_, bytes.data(), bytes.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    has_input_ended_ = size <= 0;
    if (size > 0) {
        input_.append(bytes.data(), static_cast<std::size_t>(size));
    } else if (!input_.empty()) {
        input_ += '\n';
    }
    std::string_view rest = input_;
    for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
        if (!std::exchange(is_skipping_, false)) {
            pass_on(trimmed(rest.substr(0, end), " \t\r"));
        }
        rest.remove_prefix(end + 1);
    }
    input_.erase(0, input_.size() - rest.size());
    if (input_.size() > limits::socket_frame_bytes_max) {
        refuse(nullptr, "a message has more than " + format_bytes(limits::socket_frame_bytes_max) +
                            " and was left out");
        input_.clear();
        is_skipping_ = true;
    }
}

void McpBridge::pass_on(std::string_view line) {
    if (line.empty()) {
        return;
    }
    const Json id = id_of(line);
    if (!connection_) {
        if (auto reached = reach(); !reached) {
            refuse(id, reached.error().message);
            return;
        }
    }
    Json request = request_;
    request["id"] = ++last_id_;
    request["message"] = line;
    const auto sent = connection_->send(request, Clock::now() + limits::first_answer_within);
    if (sent) {
        under_way_.emplace(last_id_, id);
    } else {
        refuse(id, sent.error().message);
    }
}

void McpBridge::take_events() {
    while (connection_) {
        auto message = connection_->next();
        if (!message) {
            lose(message.error());
        } else if (*message) {
            take((*message)->id, (*message)->event);
        } else {
            return;
        }
    }
}

void McpBridge::take(std::int64_t request, const Event& event) {
    const auto found = under_way_.find(request);
    if (found == under_way_.end()) {
        return;
    }
    if (const auto* output = std::get_if<event::Output>(&event)) {
        console_.screen().out(wire::encode_json(output->value) + "\n");
    } else if (const auto* error = std::get_if<Error>(&event)) {
        refuse(found->second, error->message);
    }
    if (ends_job(event)) {
        under_way_.erase(found);
    }
}

void McpBridge::lose(const Error& why) {
    connection_.reset();
    for (const auto& [request, id] : std::exchange(under_way_, {})) {
        refuse(id, why.message);
    }
}

/// What cannot be answered is at least said, on stderr: stdout is for messages.
void McpBridge::refuse(const Json& id, const std::string& message) {
    if (id.is_null()) {
        console_.screen().err("threadrunner: " + message + "\n");
        return;
    }
    const Json error = {{"code", internal_error}, {"message", message}};
    const Json document = {{"jsonrpc", "2.0"}, {"id", id}, {"error", error}};
    console_.screen().out(wire::encode_json(document) + "\n");
}

void McpBridge::wait() {
    const bool room = console_.pending_bytes() < limits::unwritten_bytes_max;
    std::array polled = {
        pollfd{.fd = room && !has_input_ended_ ? in_fd_ : -1, .events = POLLIN, .revents = 0},
        pollfd{.fd = room && connection_ ? connection_->fd() : -1, .events = POLLIN, .revents = 0},
        pollfd{.fd = console_.waits_for(), .events = POLLOUT, .revents = 0},
        pollfd{.fd = console_.out_fd(), .events = 0, .revents = 0},
    };
    if (::poll(polled.data(), polled.size(), -1) <= 0) {
        return;
    }
    if (polled[1].revents != 0) {
        connection_->receive();
    }
    if (polled[0].revents != 0) {
        read_input();
    }
    if ((polled[3].revents & POLLERR) != 0) {
        console_.note_reader_left();
    }
}

}  // namespace threadrunner::cli
