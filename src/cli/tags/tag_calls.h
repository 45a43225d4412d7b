#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cli/connection.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// Many calls of a tool over one connection, a good number of them under way at a time. An error of
/// one is that one's; an error of the connection is the error of all.
class TagCalls {
public:
    struct Order {
        std::size_t count = 0;
        std::function<wire::Json(std::size_t index)> request;  ///< without v and id
        /// Called once for each, in the order in which they end.
        std::function<void(std::size_t index, Result<wire::Json> value)> ended;
        std::function<void()> on_step;           ///< called at least ten times a second
        std::optional<Clock::time_point> until;  ///< then it is a timeout
    };

    /// `connection` and `order` outlive the calls.
    TagCalls(Connection& connection, const Order& order) : connection_(connection), order_(order) {}

    /// Ctrl-C is `cancelled`; close the connection then, which ends what is under way.
    [[nodiscard]] Result<void> run();

private:
    [[nodiscard]] Result<void> send();
    [[nodiscard]] Result<void> take_events();
    void end(std::size_t index, Result<wire::Json> value);

    Connection& connection_;
    const Order& order_;
    std::size_t sent_ = 0;
    std::size_t ended_ = 0;
    std::vector<wire::Json> values_;  ///< of those under way and ended, until they are taken
};

}  // namespace threadrunner::cli
