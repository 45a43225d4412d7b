#pragma once

#include <string>

namespace threadrunner {

/// The time of day as HTTP writes it (RFC 9110, 5.6.7): Sun, 06 Nov 1994 08:49:37 GMT.
[[nodiscard]] std::string http_date_now();

}  // namespace threadrunner
