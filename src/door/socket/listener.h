#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <set>

#include "base/unique_fd.h"
#include "door/socket/connection.h"

namespace threadrunner {

/// Accepts clients at one path. Only processes of the daemon's own user are served.
class SocketListener {
public:
    SocketListener(boost::asio::any_io_executor executor, std::filesystem::path path,
                   SocketContext& context);

    /// Listens, with the socket 0600. A socket that nobody answers at is a leftover and replaced;
    /// conflict: somebody does answer; invalid_request: something else has that name, or it is too
    /// long.
    [[nodiscard]] Result<void> start();

    /// Accepts at a socket that listens already, of a service manager, whose name is not ours to
    /// remove. path() is then its name.
    [[nodiscard]] Result<void> start(UniqueFd listening);

    /// Accepts nobody any more, and removes the socket's name.
    void close();

    /// Ends the connections, each when it has written what it has to say or after a second. Await
    /// it before the listener goes.
    [[nodiscard]] boost::asio::awaitable<void> stop();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    using Protocol = boost::asio::local::stream_protocol;

    [[nodiscard]] Result<void> remove_leftover();
    [[nodiscard]] boost::asio::awaitable<void> accept_clients();
    [[nodiscard]] boost::asio::awaitable<void> serve(Protocol::socket socket);

    Protocol::acceptor acceptor_;
    std::filesystem::path path_;
    bool name_is_ours_ = false;
    SocketContext& context_;
    std::set<Connection*> connections_;
    boost::asio::steady_timer all_ended_;  ///< a condition: cancelled when a connection ends
};

}  // namespace threadrunner
