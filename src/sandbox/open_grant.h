#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "sandbox/load_order.h"

namespace threadrunner::sandbox {

/// A granted directory, looked up once: whatever happens to its path later, this is what the module
/// got.
struct OpenGrant {
    UniqueFd directory;  ///< O_PATH
    std::string guest;
    bool writable = false;

    /// A path that leads to just this directory, as long as it is open.
    [[nodiscard]] std::string path() const {
        return "/proc/self/fd/" + std::to_string(directory.get());
    }
};

/// not_found, forbidden or invalid_request: a directory that cannot be granted.
[[nodiscard]] Result<std::vector<OpenGrant>> open_grants(const std::vector<Grant>& grants);

}  // namespace threadrunner::sandbox
