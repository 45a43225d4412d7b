#pragma once

#include <unistd.h>

#include <string>
#include <vector>

namespace threadrunner {

/// The environment of this process, NAME=VALUE each: to be changed and handed to another.
[[nodiscard]] inline std::vector<std::string> own_environment() {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        out.emplace_back(*entry);
    }
    return out;
}

}  // namespace threadrunner
