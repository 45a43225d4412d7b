/// A client of the socket that costs next to nothing, so that what it measures is the daemon.
///
///     threadrunner-bench-client tokens SOCKET CLIENTS WORDS
///         each client sends one prompt of WORDS words to the dummy and reads the whole answer
///     threadrunner-bench-client jobs SOCKET CLIENTS JOBS
///         JOBS answers of one token; each client has one job under way
///
/// One JSON document on stdout. Any answer but the expected one ends it with exit code 1.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "wire/decode.h"
#include "wire/frame.h"

namespace threadrunner::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int silence_ms_max = 30'000;
constexpr std::size_t receive_bytes = 256 * limits::kib;
/// The dummy says them before the prompt's own words.
constexpr std::uint64_t words_of_its_own = 5;

[[noreturn]] void give_up(const std::string& why) { throw std::runtime_error(why); }

UniqueFd connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        give_up("the socket's path is too long: " + path);
    }
    std::ranges::copy(path, std::begin(address.sun_path));
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        give_up("cannot connect to " + path + ": " + std::strerror(errno));
    }
    return fd;
}

std::string request_frame(const std::string& prompt, std::uint64_t tokens) {
    std::string frame;
    wire::append_frame(frame, wire::encode_json({{"v", 2},
                                                 {"id", 1},
                                                 {"op", "generate"},
                                                 {"backend", "dummy"},
                                                 {"prompt", prompt},
                                                 {"max_tokens", tokens}}));
    return frame;
}

/// One connection with at most one job under way.
class Client {
public:
    explicit Client(const std::string& socket) : fd_(connect_to(socket)) {}

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::uint64_t tokens() const { return tokens_; }
    [[nodiscard]] Clock::time_point first_token() const { return first_token_; }

    void send(std::string_view request) {
        tokens_ = 0;
        while (!request.empty()) {
            const ssize_t sent = ::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                give_up(std::string("cannot send: ") + std::strerror(errno));
            }
            request.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// Takes what has arrived; whether the job has ended with it.
    [[nodiscard]] bool receive() {
        static std::array<char, receive_bytes> buffer;
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            give_up("the daemon closed the connection");
        }
        reader_.push({buffer.data(), static_cast<std::size_t>(got)});
        while (const auto frame = next_frame()) {
            if (take(*frame)) {
                return true;
            }
        }
        return false;
    }

private:
    std::optional<std::string_view> next_frame() {
        auto frame = reader_.next();
        if (!frame) {
            give_up(frame.error().message);
        }
        return *frame;
    }

    /// By its text: parsing each event would cost as much as the daemon's work on it.
    bool take(std::string_view event) {
        if (event.find(R"("ev":"token")") != std::string_view::npos) {
            if (++tokens_ == 1) {
                first_token_ = Clock::now();
            }
            return false;
        }
        if (event.find(R"("ev":"error")") != std::string_view::npos) {
            give_up("the daemon said " + std::string(event));
        }
        return event.find(R"("ev":"done")") != std::string_view::npos;
    }

    UniqueFd fd_;
    wire::FrameReader reader_{limits::socket_frame_bytes_max};
    std::uint64_t tokens_ = 0;
    Clock::time_point first_token_{};
};

/// Calls `ended(client)` for each job that ends, until it returns false.
template <class OnEnd>
void serve(std::vector<Client>& clients, OnEnd ended) {
    std::vector<pollfd> polled;
    for (const Client& client : clients) {
        polled.push_back({.fd = client.fd(), .events = POLLIN, .revents = 0});
    }
    for (;;) {
        if (::poll(polled.data(), polled.size(), silence_ms_max) <= 0) {
            give_up("the daemon was silent for 30 s");
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (polled[i].revents != 0 && clients[i].receive() && !ended(clients[i])) {
                return;
            }
        }
    }
}

void expect_tokens(const Client& client, std::uint64_t expected) {
    if (client.tokens() != expected) {
        give_up("an answer of " + std::to_string(client.tokens()) + " tokens, not " +
                std::to_string(expected));
    }
}

double ms_between(Clock::time_point from, Clock::time_point to) {
    return Milliseconds(to - from).count();
}

wire::Json measure_tokens(std::vector<Client>& clients, std::uint64_t words) {
    std::string prompt;
    for (std::uint64_t i = 0; i < words; ++i) {
        prompt += i == 0 ? "word" : " word";
    }
    const std::uint64_t expected = words + words_of_its_own;
    const std::string request = request_frame(prompt, expected);
    const auto started = Clock::now();
    for (Client& client : clients) {
        client.send(request);
    }
    std::size_t left = clients.size();
    serve(clients, [&](const Client& client) {
        expect_tokens(client, expected);
        return --left > 0;
    });
    const auto ended = Clock::now();
    const auto first = std::ranges::min_element(clients, {}, &Client::first_token)->first_token();
    return {{"tokens", expected * clients.size()},
            {"first_token_ms", ms_between(started, first)},
            {"stream_ms", ms_between(first, ended)}};
}

wire::Json measure_jobs(std::vector<Client>& clients, std::uint64_t jobs) {
    const std::string request = request_frame("word", 1);
    std::uint64_t sent = 0;
    std::uint64_t ended = 0;
    const auto started = Clock::now();
    for (Client& client : clients) {
        client.send(request);
        ++sent;
    }
    serve(clients, [&](Client& client) {
        expect_tokens(client, 1);
        if (sent < jobs) {
            client.send(request);
            ++sent;
        }
        return ++ended < sent;
    });
    return {{"jobs", ended}, {"ms", ms_between(started, Clock::now())}};
}

std::uint64_t number(std::string_view text) {
    std::uint64_t out = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || rest != text.data() + text.size() || out == 0) {
        give_up("a whole number from 1 is wanted, not '" + std::string(text) + "'");
    }
    return out;
}

void run(std::vector<std::string_view> arguments) {
    if (arguments.size() != 4 || (arguments[0] != "tokens" && arguments[0] != "jobs")) {
        give_up("usage: threadrunner-bench-client tokens|jobs SOCKET CLIENTS COUNT");
    }
    std::vector<Client> clients;
    for (std::uint64_t i = 0; i < number(arguments[2]); ++i) {
        clients.emplace_back(std::string(arguments[1]));
    }
    const auto measure = arguments[0] == "tokens" ? measure_tokens : measure_jobs;
    std::puts(wire::encode_json(measure(clients, number(arguments[3]))).c_str());
}

}  // namespace
}  // namespace threadrunner::bench

int main(int argc, char** argv) {
    try {
        threadrunner::bench::run({argv + 1, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "threadrunner-bench-client: %s\n", error.what());
        return 1;
    }
}
