#pragma once

#include <compare>
#include <string>

namespace threadrunner {

/// A directory of the host that a tool sees, under a name of its own.
struct Grant {
    std::string host;   ///< absolute
    /// Absolute, and in its simplest form: "/music". In a call empty: it is to be reached, by the
    /// name that the tool has for it already or by that of the host.
    std::string guest;
    bool writable = false;

    auto operator<=>(const Grant&) const = default;
};

}  // namespace threadrunner
