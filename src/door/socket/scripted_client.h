#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "job/job.h"
#include "wire/decode.h"
#include "wire/frame.h"

namespace threadrunner {

/// For tests: a client of the socket that runs the daemon's loop while it waits.
class ScriptedClient {
public:
    ScriptedClient(boost::asio::io_context& loop, const std::filesystem::path& path)
        : loop_(loop), fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        connected_ =
            ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }

    [[nodiscard]] bool connected() const { return connected_; }

    void send(const wire::Json& frame) {
        std::string bytes;
        wire::append_frame(bytes, wire::encode_json(frame));
        send_bytes(bytes);
    }
    void send_bytes(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN) {
                return;
            }
            bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
            loop_.poll();
        }
    }

    /// The next frame; null when the daemon has closed the connection, or says nothing for long.
    [[nodiscard]] wire::Json next() {
        constexpr auto guard = std::chrono::seconds(30);
        const auto give_up = Clock::now() + guard;
        while (Clock::now() < give_up) {
            if (const auto frame = frames_.next(); frame && *frame) {
                return wire::decode_json(**frame).value();
            }
            std::array<char, 65536> buffer{};
            const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
            if (got > 0) {
                frames_.push({buffer.data(), static_cast<std::size_t>(got)});
            } else if (got == 0 || errno != EAGAIN) {
                closed_ = true;
                return nullptr;
            } else {
                loop_.run_one_for(std::chrono::milliseconds(10));
            }
        }
        return nullptr;
    }

    /// The frame after the `accepted` that must come first.
    [[nodiscard]] wire::Json answer() {
        const wire::Json first = next();
        return first.is_object() && first.value("ev", "") == "accepted" ? next() : first;
    }

    /// Whether the daemon closes the connection without another word.
    [[nodiscard]] bool is_closed() { return next().is_null() && closed_; }

    void stop_sending() { ::shutdown(fd_.get(), SHUT_WR); }
    void leave() { fd_.reset(); }

private:
    boost::asio::io_context& loop_;
    UniqueFd fd_;
    bool connected_ = false;
    bool closed_ = false;
    wire::FrameReader frames_{limits::socket_frame_bytes_max};
};

}  // namespace threadrunner
