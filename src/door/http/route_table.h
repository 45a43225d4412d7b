#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "door/http/context.h"
#include "door/http/error_shape.h"
#include "door/http/gate.h"
#include "door/http/message.h"
#include "door/http/reply.h"

namespace threadrunner::http {

struct Route;

/// One request on its way through its handler.
struct Call {
    const Request& request;
    Reply& reply;
    Context& context;
    const Route& route;
    Caller caller;
    std::string argument = {};  ///< what stood in the path for the pattern's {…}, decoded

    /// Answers with an error in the route's shape; within a stream that has begun, ends it so.
    [[nodiscard]] boost::asio::awaitable<void> refuse(Error error);
    /// Answers with a document.
    [[nodiscard]] boost::asio::awaitable<void> send(wire::Json document);
    /// The body as JSON.
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> document();
    /// The same. invalid_request, and it says what is at fault: it is none, or no object.
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> body();
};

using Handler = std::function<boost::asio::awaitable<void>(Call&)>;

/// One thing that can be asked. A protocol's file makes its own.
struct Route {
    std::string_view method;
    std::string_view path;  ///< may end in {…}, which is then the rest of the path
    Access access = Access::open;
    const ErrorShape& errors;
    Handler handle;
    std::string_view id_header = {};  ///< where its clients look for the request's id
};

/// All routes of the door.
class RouteTable {
public:
    explicit RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

    struct Match {
        const Route* route = nullptr;
        std::string argument = {};
        std::string allowed = {};  ///< methods of the path, where it has none of this one
    };

    /// HEAD is GET without the body.
    [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

    /// "GET /health, POST /v1/chat/completions, …", for those who are lost.
    [[nodiscard]] std::string listing() const;

private:
    std::vector<Route> routes_;
};

}  // namespace threadrunner::http
