#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"
#include "kinds/upstream/http_address.h"
#include "kinds/upstream/http_message.h"

namespace threadrunner {

/// One HTTP/1.1 request on a connection of its own, and its answer as it comes: nothing of it is
/// left for another, and what nobody reads stays in the socket, which slows the server down. On the
/// event loop; whoever awaits keeps the call alive. The only user of Beast here.
///
/// Errors: unreachable when there is no connection, worker_crashed when it ends too early,
/// inference_failed for what is no HTTP, too_large, and cancelled after close().
class HttpCall {
public:
    explicit HttpCall(boost::asio::any_io_executor executor);
    HttpCall(const HttpCall&) = delete;
    HttpCall& operator=(const HttpCall&) = delete;
    ~HttpCall();

    /// Connects within the time given, sends, and waits for the answer's head. To be called once.
    [[nodiscard]] boost::asio::awaitable<Result<HttpHead>> send(
        const HttpAddress& address, const HttpRequest& request,
        std::chrono::milliseconds connect_within);

    /// The next bytes of the body; none at its end.
    [[nodiscard]] boost::asio::awaitable<Result<std::string>> read();

    /// Closes the connection: what is awaited ends at once.
    void close();

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace threadrunner
