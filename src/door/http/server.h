#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/error.h"
#include "base/listen_address.h"
#include "base/settings.h"
#include "door/http/message.h"
#include "door/http/reply.h"

namespace threadrunner::http {

/// An HTTP/1.1 server: connections, their time-outs and limits, requests read whole, answers
/// written whole or in chunks. What a request means is the handler's business. What is no HTTP, or
/// could be read in two ways, is answered here and the connection closed. An idle connection holds
/// no buffer. On the event loop; the only part of the door that knows Beast.
class Server {
public:
    using Handler = std::function<boost::asio::awaitable<void>(const Request&, Reply&)>;
    /// The answer to what cannot be served, as clients of this door read it.
    using Refusal = std::function<Answer(const Error&)>;

    /// `settings` outlives the server.
    Server(boost::asio::any_io_executor executor, const Settings& settings, Handler handler,
           Refusal refusal);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    /// Listens at an address; the one that it really is, with its port. conflict: it is taken.
    [[nodiscard]] Result<ListenAddress> listen(const ListenAddress& address);

    /// Listens at a Unix socket, 0600, for processes of our own user. A socket that has the name
    /// already is a leftover: whoever calls holds the home's lock.
    [[nodiscard]] Result<void> listen(const std::filesystem::path& path);

    /// Accepts nobody any more, and removes the socket's name.
    void close();

    /// Ends the connections, each when its answer is written or after a second. Await it before the
    /// server goes.
    [[nodiscard]] boost::asio::awaitable<void> stop();

    [[nodiscard]] std::size_t connections() const;

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace threadrunner::http
