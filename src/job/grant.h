#pragma once

#include <compare>
#include <string>

namespace threadrunner {

/// A directory of the host that a tool sees, under a name of its own.
struct Grant {
    std::string host;   ///< absolute
    std::string guest;  ///< absolute, and in its simplest form: "/music"
    bool writable = false;

    auto operator<=>(const Grant&) const = default;
};

}  // namespace threadrunner
