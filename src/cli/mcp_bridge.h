#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"
#include "cli/connection.h"
#include "cli/console.h"

namespace threadrunner::cli {

/// Carries messages of an MCP client, a line each, to the daemon, and its answers back: what they
/// mean is the daemon's business. All that are under way are so at once. A daemon that ends takes
/// with it only what it was at: each of that is answered with an error, and the next message goes
/// to the next daemon. It borrows what it is given.
class McpBridge {
public:
    using Connect = std::function<Result<UniqueFd>()>;

    /// `request`: the op and its members but for the message. `in_fd` may be a pipe or a file.
    McpBridge(int in_fd, Console& console, wire::Json request, Connect connect);

    /// Until the client reads no more, or has said all and got its answers. An error: there is no
    /// daemon to begin with, or nothing can be written.
    [[nodiscard]] Result<void> run();

private:
    [[nodiscard]] Result<void> reach();
    void read_input();
    void pass_on(std::string_view line);
    void take_events();
    void take(std::int64_t request, const Event& event);
    void lose(const Error& why);
    void refuse(const wire::Json& id, const std::string& message);
    void wait();

    int in_fd_;
    Console& console_;
    wire::Json request_;
    Connect connect_;
    std::optional<Connection> connection_;
    std::string input_;         ///< read, but no whole line yet
    bool is_skipping_ = false;  ///< the rest of a line that is too long
    bool has_input_ended_ = false;
    std::int64_t last_id_ = 0;
    std::map<std::int64_t, wire::Json> under_way_;  ///< by request: the message's own id
};

}  // namespace threadrunner::cli
