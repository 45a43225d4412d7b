#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "server-context.h"

namespace threadrunner::engine {

/// Whether a route computes in a slot, and how its clients name their stop texts.
enum class RouteSort : std::uint8_t {
    plain,     ///< needs no slot
    text,      ///< generates from text as it is
    chat,      ///< generates an answer to a conversation; stop texts in `stop`
    messages,  ///< the same with stop texts in `stop_sequences`
};

/// A route of llama-server that exists here: all but those about files, the web and other models.
struct RouteEntry {
    std::string_view method;
    std::string_view path;
    server_http_context::handler_t server_routes::* handler;
    RouteSort sort;
};

/// The entry, or not_found with a message that says which methods the path has.
[[nodiscard]] Result<const RouteEntry*> find_route(std::string_view method, std::string_view path);

}  // namespace threadrunner::engine
