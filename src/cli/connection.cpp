#include "cli/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "base/limits.h"
#include "wire/fields.h"

namespace threadrunner::cli {
namespace {

/// One reading: large enough that thousands of tokens cost one system call.
constexpr std::size_t receive_bytes = 256 * limits::kib;

struct V1Type {
    std::string_view name;
    ErrorCode code;
};

/// v1 tells five types apart; each stands for the code of ours with the exit code that it had.
constexpr std::array v1_types = {
    V1Type{"ModelLoad", ErrorCode::model_load_failed},
    V1Type{"Protocol", ErrorCode::invalid_request},
    V1Type{"Timeout", ErrorCode::timeout},
    V1Type{"Io", ErrorCode::unreachable},
};

Error v1_error(const wire::Json& document) {
    wire::Fields fields(document, "the error");
    const std::string type = fields.text("error_type").value_or("");
    Error out{.message = fields.text("error").value_or("an error without a message")};
    for (const V1Type& row : v1_types) {
        if (row.name == type) {
            out.code = row.code;
        }
    }
    return out;
}

std::unexpected<Error> strange(const Error& why) {
    return fail(ErrorCode::internal,
                "the daemon said what this command does not understand (" + why.message +
                    "); if they are of different versions, threadrunner stop and try again");
}

}  // namespace

Connection::Connection(UniqueFd socket)
    : socket_(std::move(socket)), frames_(limits::socket_frame_bytes_max) {}

Result<void> Connection::send(const wire::Json& request, Clock::time_point deadline) {
    std::string frame;
    wire::append_frame(frame, wire::encode_json(request));
    if (frame.size() > limits::socket_frame_bytes_max) {
        return fail(ErrorCode::too_large, "the request is too large: 16 MiB is the most");
    }
    std::string_view rest = frame;
    while (!rest.empty()) {
        const ssize_t sent = ::send(fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return {};
        } else if (errno == EAGAIN) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) {
                return fail(ErrorCode::timeout, "the daemon does not take the request");
            }
            pollfd ready{.fd = fd(), .events = POLLOUT, .revents = 0};
            ::poll(&ready, 1, static_cast<int>(left.count()));
        } else if (errno != EINTR) {
            return fail_system(ErrorCode::unreachable, "cannot send to the daemon", errno);
        }
    }
    return {};
}

void Connection::receive() {
    static thread_local std::array<char, receive_bytes> buffer;
    const ssize_t size = ::recv(fd(), buffer.data(), buffer.size(), 0);
    if (size > 0) {
        spoke_ = true;
        frames_.push({buffer.data(), static_cast<std::size_t>(size)});
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        closed_ = true;
    }
}

Result<std::optional<Message>> Connection::next() {
    const auto document = frames_.next();
    if (!document) {
        return strange(document.error());
    }
    if (!*document) {
        if (closed_) {
            return fail(ErrorCode::unreachable,
                        "the daemon closed the connection before the end of the answer: it was "
                        "stopped or has crashed; threadrunner logs shows more");
        }
        return std::nullopt;
    }
    const auto json = wire::decode_json(**document);
    if (!json) {
        return strange(json.error());
    }
    if (json->is_object() && json->contains("error") && !json->contains("ev")) {
        return std::unexpected(v1_error(*json));
    }
    wire::Fields fields(*json, "the event");
    const std::int64_t id = fields.integer("id", 0).value_or(0);
    auto event = wire::event_from_json(*json);
    if (!event) {
        return strange(event.error());
    }
    return Message{.id = id, .event = *std::move(event), .document = **document};
}

}  // namespace threadrunner::cli
