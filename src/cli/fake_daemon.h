#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "wire/decode.h"
#include "wire/frame.h"

namespace threadrunner::cli {

/// For tests: a connection whose other end a test plays.
class FakeDaemon {
public:
    FakeDaemon() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0) {
            here_.reset(ends[0]);
            client_.reset(ends[1]);
            ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
        }
    }

    /// The client's end.
    [[nodiscard]] UniqueFd take_client() { return std::move(client_); }

    /// The next request; null once the client has gone, or after ten seconds of silence.
    wire::Json next_request() {
        for (;;) {
            if (const auto frame = frames_.next(); frame && *frame) {
                return wire::decode_json(**frame).value_or(nullptr);
            }
            std::array<char, 4096> buffer{};
            pollfd ready{.fd = here_.get(), .events = POLLIN, .revents = 0};
            if (::poll(&ready, 1, 10'000) != 1) {
                return nullptr;
            }
            const ssize_t size = ::recv(here_.get(), buffer.data(), buffer.size(), 0);
            if (size <= 0) {
                return nullptr;
            }
            frames_.push({buffer.data(), static_cast<std::size_t>(size)});
        }
    }

    void send_bytes(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(here_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return;
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void say(const wire::Json& event) { send_bytes(framed(event)); }

    /// An event of the first request.
    void say_event(wire::Json event) {
        event["v"] = 2;
        event["id"] = 1;
        event["seq"] = ++seq_;
        say(event);
    }

    void close() { here_.reset(); }

    [[nodiscard]] static std::string framed(const wire::Json& event) {
        std::string out;
        wire::append_frame(out, wire::encode_json(event));
        return out;
    }

private:
    UniqueFd here_;
    UniqueFd client_;
    wire::FrameReader frames_{limits::socket_frame_bytes_max};
    int seq_ = 0;
};

}  // namespace threadrunner::cli
