#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner {

/// Where a server listens, as its user wrote it: http://host, http://host:8080/api.
struct HttpAddress {
    std::string host;  ///< a name or an address; IPv6 without its brackets
    std::uint16_t port = 80;
    std::string base;  ///< before every path: empty, or "/api"

    /// host:port, as the Host header and people have it.
    [[nodiscard]] std::string authority() const;
    /// The whole of it, for messages and listings.
    [[nodiscard]] std::string url() const;
};

/// Reads such a URL. Slashes and "/v1" at its end, with which OpenAI's clients want theirs, are
/// left out: they are part of our paths. Anything but http:// is an error, as are a user's name and
/// password in it, which would end in listings.
[[nodiscard]] Result<HttpAddress> parse_http_address(std::string_view url);

}  // namespace threadrunner
