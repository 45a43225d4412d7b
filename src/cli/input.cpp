#include "cli/input.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/limits.h"

namespace threadrunner::cli {
namespace {

enum class Source : std::uint8_t { none, pipe_or_file, socket };

Source source_of(int fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) {
        return Source::none;
    }
    if (S_ISSOCK(status.st_mode)) {
        return Source::socket;
    }
    return S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode) ? Source::pipe_or_file
                                                               : Source::none;
}

bool readable(int fd, std::optional<Clock::time_point> until) {
    for (;;) {
        int wait_ms = -1;
        if (until) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
            wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
        }
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, wait_ms) > 0) {
            return true;
        }
        if (until && Clock::now() >= *until) {
            return false;
        }
    }
}

Result<std::string> read_to_end(int fd, const InputRules& rules) {
    std::string out;
    std::array<char, 64 * limits::kib> buffer;
    for (;;) {
        if (!readable(fd, rules.until)) {
            return fail(ErrorCode::timeout,
                        "standard input did not end within the time that --timeout allows");
        }
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size == 0) {
            return out;
        }
        if (size < 0 && errno != EINTR && errno != EAGAIN) {
            return fail_system(ErrorCode::invalid_request, "cannot read standard input", errno);
        }
        out.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (out.size() > limits::socket_frame_bytes_max) {
            return fail(ErrorCode::too_large,
                        "standard input holds more than 16 MiB, the most that a request may hold");
        }
    }
}

/// Whether the first byte, or the end, comes before it is time to say that nothing comes.
bool speaks_within(int fd, Clock::duration patience, const InputRules& rules) {
    const auto patience_ends = Clock::now() + patience;
    return readable(fd, rules.until ? std::min(*rules.until, patience_ends) : patience_ends);
}

}  // namespace

Result<std::optional<std::string>> read_input(int fd, const InputRules& rules) {
    const Source source = source_of(fd);
    if (source == Source::none) {
        return std::nullopt;
    }
    if (source == Source::socket && !rules.only_input) {
        if (!speaks_within(fd, limits::stdin_socket_within, rules)) {
            return std::nullopt;
        }
    } else if (!speaks_within(fd, limits::stdin_notice_after, rules)) {
        rules.on_silence();
    }
    auto text = read_to_end(fd, rules);
    if (!text) {
        return std::unexpected(text.error());
    }
    return *std::move(text);
}

}  // namespace threadrunner::cli
