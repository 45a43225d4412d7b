#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/paths.h"
#include "cli/doctor/finding.h"

namespace threadrunner::cli {

/// A directory of the home.
struct DirectoryFacts {
    std::filesystem::path path;
    bool exists = false;
    bool is_directory = false;
    bool ours = false;  ///< belongs to this user
    mode_t mode = 0;    ///< permission bits
    bool writable = false;
    bool read_only_system = false;  ///< the file system's fault
    std::string network_system;     ///< the name of a network's file system, else empty
};

[[nodiscard]] std::vector<DirectoryFacts> look_at_home(const Home& home);

[[nodiscard]] Findings judge_home(const std::vector<DirectoryFacts>& directories);

/// Whether a socket can be where it is wanted.
[[nodiscard]] Findings check_socket_place(const std::filesystem::path& socket);

}  // namespace threadrunner::cli
