#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "wire/daemon_line.h"
#include "wire/decode.h"

namespace threadrunner::pull {

/// The daemon's end of the line: frames on a descriptor. Whoever computes or waits calls pump()
/// often, which answers pings and notes that the work is no longer wanted. For one thread.
class Channel {
public:
    explicit Channel(int fd) : fd_(fd), line_(fd) {}

    /// Says hello and waits for what is to be done; nothing: the daemon wants nothing any more.
    [[nodiscard]] std::optional<wire::Json> await_order();

    /// Takes in what has come, without waiting. `cancelled` once the work is not wanted.
    [[nodiscard]] Result<void> pump();

    /// pump() until this long has passed.
    [[nodiscard]] Result<void> wait(std::chrono::milliseconds duration);

    /// Waits for the daemon to say that it is over.
    void await_end();

    /// How far it is, in bytes, `total` 0 where that is not known; not more often than
    /// limits::pull_event_every, unless `now`.
    void progress(const std::string& stage, std::uint64_t done, std::uint64_t total,
                  bool now = false);

    void send(const wire::Json& frame);

    [[nodiscard]] int fd() const { return fd_; }

private:
    using Clock = std::chrono::steady_clock;

    void poll(std::chrono::milliseconds within);
    void read();
    void say();
    void take(const wire::Json& frame);

    int fd_;
    wire::DaemonLine line_;
    std::optional<wire::Json> order_;
    bool over_ = false;  ///< cancelled, told to end, or the daemon is gone
    std::uint64_t steps_ = 0;
    wire::Json said_;      ///< how far it is, or null
    bool unsaid_ = false;  ///< the daemon does not know it yet
    Clock::time_point told_{};
};

}  // namespace threadrunner::pull
