#pragma once

#include <string>

#include "base/error.h"
#include "pull/channel.h"
#include "pull/http.h"
#include "pull/order.h"

namespace threadrunner::pull {

/// Decides after each try whether there is another one, and waits for it.
class Patience {
public:
    /// `what` names the thing that is fetched, for messages.
    Patience(const Order& order, Channel& channel, std::string what)
        : order_(order), channel_(channel), what_(std::move(what)) {}

    /// After a try that did not bring the whole: waits, as long as the server asks for. An error:
    /// trying again would not help, or has not for order.attempts times in a row.
    [[nodiscard]] Result<void> another(const HttpResult& result, bool progressed);

private:
    [[nodiscard]] Result<void> refuse(const HttpResult& result) const;

    const Order& order_;
    Channel& channel_;
    std::string what_;
    std::int64_t fruitless_ = 0;  ///< tries in a row
};

}  // namespace threadrunner::pull
