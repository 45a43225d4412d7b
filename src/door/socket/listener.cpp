#include "door/socket/listener.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/paths.h"
#include "door/peer.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using SystemError = boost::system::error_code;

/// When the process is out of descriptors, accept() fails at once for ever: wait a little.
constexpr auto accept_pause = std::chrono::milliseconds(100);

auto no_throw(SystemError& error) { return asio::redirect_error(asio::use_awaitable, error); }

}  // namespace

SocketListener::SocketListener(asio::any_io_executor executor, std::filesystem::path path,
                               SocketContext& context)
    : acceptor_(executor),
      path_(std::move(path)),
      context_(context),
      all_ended_(executor, asio::steady_timer::time_point::max()) {}

Result<void> SocketListener::start() {
    if (auto checked = check_socket_path(path_); !checked) {
        return checked;
    }
    if (auto removed = remove_leftover(); !removed) {
        return removed;
    }
    SystemError error;
    acceptor_.open(Protocol(), error);
    if (!error) {
        const mode_t old = ::umask(0177);
        acceptor_.bind(Protocol::endpoint(path_.string()), error);
        ::umask(old);
    }
    if (!error) {
        acceptor_.listen(SOMAXCONN, error);
    }
    if (error) {
        return fail_system(ErrorCode::internal, "cannot listen at " + path_.string(),
                           error.value());
    }
    name_is_ours_ = true;
    asio::co_spawn(acceptor_.get_executor(), accept_clients(), asio::detached);
    return {};
}

Result<void> SocketListener::start(UniqueFd listening) {
    SystemError error;
    acceptor_.assign(Protocol(), listening.get(), error);
    if (error) {
        return fail_system(ErrorCode::internal, "cannot use a socket that was handed over",
                           error.value());
    }
    static_cast<void>(listening.release());
    path_ = acceptor_.local_endpoint(error).path();
    asio::co_spawn(acceptor_.get_executor(), accept_clients(), asio::detached);
    return {};
}

Result<void> SocketListener::remove_leftover() {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) != 0) {
        return {};
    }
    if (!S_ISSOCK(status.st_mode)) {
        return fail(ErrorCode::invalid_request,
                    path_.string() + " exists and is no socket; remove it or choose another path");
    }
    SystemError error;
    Protocol::socket probe(acceptor_.get_executor());
    probe.connect(Protocol::endpoint(path_.string()), error);
    if (!error) {
        return fail(ErrorCode::conflict, "somebody already listens at " + path_.string());
    }
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
        return fail_system(ErrorCode::internal, "cannot remove " + path_.string(), errno);
    }
    return {};
}

awaitable<void> SocketListener::accept_clients() {
    while (acceptor_.is_open()) {
        SystemError error;
        Protocol::socket socket = co_await acceptor_.async_accept(no_throw(error));
        if (!error) {
            asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
        } else if (acceptor_.is_open()) {
            log::error("daemon", "cannot accept a client: {}", error.message());
            asio::steady_timer pause(acceptor_.get_executor(), accept_pause);
            co_await pause.async_wait(no_throw(error));
        }
    }
}

awaitable<void> SocketListener::serve(Protocol::socket socket) {
    const auto owner = peer_session(socket.native_handle());
    if (!owner) {
        log::warn("daemon", "a client of another user was turned away");
        co_return;
    }
    Connection connection(std::move(socket), *owner, context_);
    if (connections_.size() >= limits::connections_max) {
        connection.refuse({.code = ErrorCode::overloaded,
                           .message = std::to_string(connections_.size()) +
                                      " clients are connected already; try again later",
                           .retry_after = limits::overloaded_retry_after});
    }
    connections_.insert(&connection);
    try {
        co_await connection.run();
    } catch (const std::exception& error) {
        log::error("daemon", "a connection ended: {}", error.what());
    }
    connections_.erase(&connection);
    all_ended_.cancel();
}

void SocketListener::close() {
    if (acceptor_.is_open()) {
        SystemError ignored;
        acceptor_.close(ignored);
        if (name_is_ours_) {
            ::unlink(path_.c_str());
        }
    }
}

awaitable<void> SocketListener::stop() {
    close();
    const auto deadline = Clock::now() + limits::connections_end_within;
    for (Connection* connection : connections_) {
        connection->finish();
    }
    SystemError ignored;
    while (!connections_.empty()) {
        if (Clock::now() >= deadline) {
            for (Connection* connection : connections_) {
                connection->abort();
            }
        }
        all_ended_.expires_at(std::max(deadline, Clock::now() + accept_pause));
        co_await all_ended_.async_wait(no_throw(ignored));
    }
}

}  // namespace threadrunner
