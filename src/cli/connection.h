#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"
#include "cli/progress.h"
#include "wire/event.h"
#include "wire/frame.h"

namespace threadrunner::cli {

/// One event that arrived.
struct Message {
    std::int64_t id = 0;  ///< of the request that it answers
    Event event;
    std::string_view document;  ///< as it came; valid until the next receive()
};

/// A connection that speaks socket v2. It owns the descriptor; the caller polls it for reading.
class Connection {
public:
    /// `socket` must be non-blocking.
    explicit Connection(UniqueFd socket);

    [[nodiscard]] int fd() const { return socket_.get(); }

    /// Sends one request whole, or fails at the deadline with `timeout`. A daemon that has closed
    /// is no error here: what it said first, or that it said nothing, comes from next().
    [[nodiscard]] Result<void> send(const wire::Json& request, Clock::time_point deadline);

    /// Takes in what has arrived, without waiting. The views that next() gave become invalid.
    void receive();

    /// The next whole event; nothing when more must arrive. Once the daemon has closed and all is
    /// taken: `unreachable`. An error frame of v1, sent to those it cannot understand, is its
    /// error.
    [[nodiscard]] Result<std::optional<Message>> next();

    /// Whether the daemon closed without a word: it was ending and took no request.
    [[nodiscard]] bool closed_silently() const { return closed_ && !spoke_; }

private:
    UniqueFd socket_;
    wire::FrameReader frames_;
    bool closed_ = false;
    bool spoke_ = false;
};

}  // namespace threadrunner::cli
