#pragma once

#include "protocol/tool.h"

namespace threadrunner::taglib {

/// `write_tags`: changes the fields in `tags` and, if they are there, all pictures to `pictures`.
/// The file is the old or the new one at any moment, whatever happens to this process.
[[nodiscard]] tools::Answer write_tags(const tools::Json& request);

}  // namespace threadrunner::taglib
