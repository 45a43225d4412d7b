#pragma once

#include <vector>

#include "protocol/tool.h"
#include "taglib/leftovers.h"

namespace threadrunner::taglib {

/// read_tags and write_tags with their schemas. `leftovers` outlives them.
[[nodiscard]] std::vector<tools::Operation> operations(Leftovers& leftovers);

}  // namespace threadrunner::taglib
