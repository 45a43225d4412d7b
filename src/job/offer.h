#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/tool_limits.h"
#include "job/grant.h"

namespace threadrunner {

/// A sandboxed tool that a request lets its model call.
struct Offer {
    /// What becomes of ops that say that they write. Unless they are allowed to, all directories
    /// are given to read only, whatever an op says of itself.
    enum class Writing : std::uint8_t {
        deny,
        ask,  ///< whoever sent the job, each time
        allow,
    };

    std::string tool;
    std::vector<Grant> directories;  ///< that it sees besides its own
    Writing writing = Writing::deny;
};

/// What a request lets its model do of itself.
struct Offers {
    std::vector<Offer> tools = {};
    std::size_t rounds_max = limits::tool_rounds;  ///< answers in which it calls them
};

}  // namespace threadrunner
