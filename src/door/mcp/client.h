#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "job/grant.h"

namespace threadrunner::mcp {

/// Who speaks MCP, and what is on offer to them.
struct Client {
    std::string owner;               ///< of the jobs
    std::string session;             ///< within which the ids of messages are unique
    std::vector<std::string> tools;  ///< only these; empty: every one that there is
    std::vector<Grant> directories;  ///< that the tools see besides their own
    bool read_only = false;  ///< only what changes no file, and all directories to read only
    std::optional<std::chrono::milliseconds> deadline;  ///< of a call
};

}  // namespace threadrunner::mcp
