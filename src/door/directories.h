#pragma once

#include <vector>

#include "job/grant.h"
#include "wire/fields.h"

namespace threadrunner {

/// The member `dirs` of a request that calls a tool: directories that the tool sees for this call,
/// {"host", "guest" (else empty), "mode": "ro" (the default) or "rw"} each. Faults are the fields'.
[[nodiscard]] std::vector<Grant> read_directories(wire::Fields& fields);

}  // namespace threadrunner
