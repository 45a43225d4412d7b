#pragma once

#include "protocol/tool.h"

namespace threadrunner::tools {

/// Answers the frames of one descriptor on the other, in order, until the stream ends. Frames are a
/// length, u32 little-endian, and so many bytes. Returns the process's exit status: 0 at the
/// stream's end, 1 where it ends within a frame or a descriptor fails, 2 after a frame over the
/// limit, which is answered with an error. Blocks.
[[nodiscard]] int serve(const Tool& tool, int requests, int replies);

}  // namespace threadrunner::tools
