#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/decode.h"
#include "wire/event.h"

namespace threadrunner::engine {

/// One request to the model, in the terms of llama-server.
struct Route {
    std::string method;
    std::string path;
    std::string body;                  ///< JSON; ignored where the method is GET
    std::optional<std::int32_t> slot;  ///< leased to this request; generating routes need one
    std::int64_t answers = 1;          ///< to a prompt; the further ones take slots that are free
};

/// Takes a route's answer. Called on the thread that runs the route, except stopped().
class RouteSink {
public:
    RouteSink() = default;
    RouteSink(const RouteSink&) = delete;
    RouteSink& operator=(const RouteSink&) = delete;
    virtual ~RouteSink() = default;

    /// Whether nobody wants the rest. Asked every few ms from several threads: it must not block.
    [[nodiscard]] virtual bool stopped() const = 0;
    /// Once, before any body.
    virtual void head(int status, std::string_view content_type) = 0;
    /// A whole document, or whole server-sent events. May block until there is room for it.
    virtual void body(std::string data) = 0;
};

/// How a route ended.
struct RouteEnd {
    bool cancelled = false;
    std::optional<event::Usage> usage = std::nullopt;
    wire::Json timings = nullptr;
};

}  // namespace threadrunner::engine
