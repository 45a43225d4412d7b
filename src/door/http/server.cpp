#include "door/http/server.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "base/paths.h"
#include "door/http/connection.h"
#include "door/http/unserved.h"
#include "door/peer.h"
#include "job/job.h"

namespace threadrunner::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using SystemError = boost::system::error_code;
using Socket = Connection::Socket;

constexpr auto accept_pause = std::chrono::milliseconds(100);

auto no_throw(SystemError& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// So that the ids of two daemons' requests differ in a log that has both.
std::string random_prefix() {
    std::uint32_t number = 0;
    static_cast<void>(::getrandom(&number, sizeof number, GRND_NONBLOCK));
    return std::to_string(number);
}

}  // namespace

class Server::Core {
public:
    Core(asio::any_io_executor executor, const Settings& settings, Handler handler, Refusal refusal)
        : common{.executor = std::move(executor),
                 .settings = settings,
                 .handler = std::move(handler),
                 .refusal = std::move(refusal),
                 .id_prefix = random_prefix()},
          all_ended(common.executor, asio::steady_timer::time_point::max()) {}

    template <class Acceptor>
    [[nodiscard]] awaitable<void> accept_clients(Acceptor& acceptor, Via via);
    [[nodiscard]] awaitable<void> serve(Socket socket, Via via);

    Common common;
    std::vector<std::unique_ptr<asio::ip::tcp::acceptor>> tcp_acceptors;
    std::optional<asio::local::stream_protocol::acceptor> local_acceptor;
    std::filesystem::path local_path;
    std::set<Connection*> clients;
    asio::steady_timer all_ended;  ///< a condition: cancelled when a connection ends
};

awaitable<void> Server::Core::serve(Socket socket, Via via) {
    std::optional<std::string> session = via == Via::unix_socket
                                             ? peer_session(socket.native_handle())
                                             : std::optional<std::string>("");
    if (!session) {
        log::warn("daemon", "a client of another user was turned away");
        co_return;
    }
    Connection client(common, std::move(socket), via, *std::move(session));
    const bool full = clients.size() >= limits::http_connections_max;
    clients.insert(&client);
    try {
        if (full) {
            Unserved why = too_many_clients();
            co_await client.refuse(std::move(why));
        } else {
            co_await client.run();
        }
    } catch (const std::exception& error) {
        log::error("daemon", "a connection of HTTP ended: {}", error.what());
    }
    clients.erase(&client);
    all_ended.cancel();
}

template <class Acceptor>
awaitable<void> Server::Core::accept_clients(Acceptor& acceptor, Via via) {
    while (acceptor.is_open()) {
        SystemError fault;
        auto socket = co_await acceptor.async_accept(no_throw(fault));
        if (!fault) {
            if (via != Via::unix_socket) {
                socket.set_option(asio::ip::tcp::no_delay(true), fault);
            }
            asio::co_spawn(common.executor, serve(Socket(std::move(socket)), via), asio::detached);
        } else if (acceptor.is_open()) {
            log::error("daemon", "cannot accept a client of HTTP: {}", fault.message());
            asio::steady_timer pause(common.executor, accept_pause);
            co_await pause.async_wait(no_throw(fault));
        }
    }
}

Server::Server(asio::any_io_executor executor, const Settings& settings, Handler handler,
               Refusal refusal)
    : core_(std::make_unique<Core>(std::move(executor), settings, std::move(handler),
                                   std::move(refusal))) {}

Server::~Server() = default;

Result<ListenAddress> Server::listen(const ListenAddress& address) {
    using Tcp = asio::ip::tcp;
    SystemError fault;
    const auto ip = asio::ip::make_address(address.host, fault);
    const Tcp::endpoint endpoint(ip, address.port);
    auto acceptor = std::make_unique<Tcp::acceptor>(core_->common.executor);
    acceptor->open(endpoint.protocol(), fault);
    if (!fault && ip.is_v6()) {
        acceptor->set_option(asio::ip::v6_only(true), fault);
    }
    if (!fault) {
        acceptor->set_option(Tcp::acceptor::reuse_address(true), fault);
        acceptor->bind(endpoint, fault);
    }
    if (!fault) {
        acceptor->listen(asio::socket_base::max_listen_connections, fault);
    }
    if (fault == asio::error::address_in_use) {
        return fail(ErrorCode::conflict, address.text() +
                                             " is taken by another program; end that, or choose "
                                             "another address with http.listen");
    }
    if (fault) {
        return fail_system(ErrorCode::internal, "cannot listen at " + address.text(),
                           fault.value());
    }
    ListenAddress bound{.host = address.host, .port = acceptor->local_endpoint(fault).port()};
    Tcp::acceptor& listening = *core_->tcp_acceptors.emplace_back(std::move(acceptor));
    const Via via = bound.is_loopback() ? Via::loopback : Via::network;
    asio::co_spawn(core_->common.executor, core_->accept_clients(listening, via), asio::detached);
    return bound;
}

Result<void> Server::listen(const std::filesystem::path& path) {
    using Local = asio::local::stream_protocol;
    if (auto checked = check_socket_path(path); !checked) {
        return checked;
    }
    if (std::filesystem::is_socket(path)) {
        std::filesystem::remove(path);
    }
    SystemError fault;
    auto& acceptor = core_->local_acceptor.emplace(core_->common.executor);
    acceptor.open(Local(), fault);
    if (!fault) {
        const mode_t old = ::umask(0177);
        acceptor.bind(Local::endpoint(path.string()), fault);
        ::umask(old);
    }
    if (!fault) {
        core_->local_path = path;
        acceptor.listen(asio::socket_base::max_listen_connections, fault);
    }
    if (fault) {
        return fail_system(ErrorCode::internal, "cannot listen at " + path.string(), fault.value());
    }
    asio::co_spawn(core_->common.executor, core_->accept_clients(acceptor, Via::unix_socket),
                   asio::detached);
    return {};
}

void Server::close() {
    SystemError ignored;
    for (const auto& acceptor : core_->tcp_acceptors) {
        acceptor->close(ignored);
    }
    if (core_->local_acceptor) {
        core_->local_acceptor->close(ignored);
    }
    if (!core_->local_path.empty()) {
        ::unlink(std::exchange(core_->local_path, {}).c_str());
    }
}

awaitable<void> Server::stop() {
    close();
    const auto deadline = Clock::now() + limits::connections_end_within;
    for (Connection* client : core_->clients) {
        client->finish();
    }
    SystemError ignored;
    while (!core_->clients.empty()) {
        if (Clock::now() >= deadline) {
            for (Connection* client : core_->clients) {
                client->abort();
            }
        }
        core_->all_ended.expires_at(std::max(deadline, Clock::now() + accept_pause));
        co_await core_->all_ended.async_wait(no_throw(ignored));
    }
}

std::size_t Server::connections() const { return core_->clients.size(); }

}  // namespace threadrunner::http
