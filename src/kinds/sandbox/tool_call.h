#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "job/job.h"
#include "kinds/sandbox/call_files.h"
#include "wire/decode.h"

namespace threadrunner {

/// One call on its way through a tool's worker.
struct ToolCall {
    std::int64_t id = 0;                        ///< of its frames
    std::string what;                           ///< for messages: "read_tags of /music/a.mp3"
    std::optional<Clock::time_point> deadline;  ///< of its job
    bool cancelled = false;
    wire::Json args;  ///< until it is prepared
    std::string op;
    std::string request;  ///< the module's frame, from then on
    CallFiles files;
};

using ToolCallPtr = std::shared_ptr<ToolCall>;

}  // namespace threadrunner
