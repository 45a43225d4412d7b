#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "door/http/context.h"
#include "door/http/gate.h"
#include "door/http/route_table.h"
#include "door/http/server.h"
#include "wire/decode.h"

namespace threadrunner::http {

/// HTTP: what is served at which address, who may ask, and what answers. On the event loop.
class Door {
public:
    /// The context's references outlive the door.
    explicit Door(Context context);

    /// Listens at the addresses of http.listen and at run/http.sock, and writes those that it got
    /// into run/http.addr. What cannot be served is said in the log and in status(), and the rest
    /// is.
    void start();

    /// Accepts nobody any more.
    void close();
    /// Ends the connections; await it before the door goes.
    [[nodiscard]] boost::asio::awaitable<void> stop();

    /// `addresses`, `socket`, `connections`, and `faults`: what is not served, and why.
    [[nodiscard]] wire::Json status() const;

private:
    void listen(const ListenAddress& address);
    void write_addresses();
    void note_fault(std::string fault);
    [[nodiscard]] boost::asio::awaitable<void> handle(const Request& request, Reply& reply);
    [[nodiscard]] boost::asio::awaitable<void> route(const Request& request,
                                                     const RouteTable::Match& match, Reply& reply);

    Context context_;
    std::unique_ptr<Gate> gate_;
    RouteTable routes_;
    Server server_;
    std::vector<std::string> addresses_;
    bool socket_served_ = false;
    std::vector<std::string> faults_;
};

}  // namespace threadrunner::http
