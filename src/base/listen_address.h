#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace threadrunner {

/// Where a TCP server listens.
struct ListenAddress {
    std::string host;        ///< an IP address as text, without brackets
    std::uint16_t port = 0;  ///< 0: any that is free

    /// Whether only this machine can reach it.
    [[nodiscard]] bool is_loopback() const;
    /// "127.0.0.1:7717", "[::1]:7717".
    [[nodiscard]] std::string text() const;

    bool operator==(const ListenAddress&) const = default;
};

/// Reads `ADDRESS:PORT`, several with commas between; `off` and nothing at all are none. An address
/// is an IP address ([::1] in brackets) or localhost, which is 127.0.0.1; a port alone is there,
/// too.
[[nodiscard]] Result<std::vector<ListenAddress>> parse_listen_addresses(std::string_view text);

}  // namespace threadrunner
