#pragma once

#include <ctime>
#include <set>
#include <string>
#include <string_view>

namespace threadrunner::taglib {

/// The directory part of a path, "." where it has none.
[[nodiscard]] std::string directory_of(const std::string& path);

/// A new name for a temporary file of ours in this directory.
[[nodiscard]] std::string temporary_name(const std::string& directory);

/// Temporary files of writes that somebody killed. There is no list of them, so each directory is
/// looked through when the first request of this process comes to it, and those of our names go
/// that are older than the process. One that another instance is writing right then may be hit: it
/// notices that its file is gone and begins again (see write_tags.cpp).
class Leftovers {
public:
    /// Takes now for the process's start.
    Leftovers();

    /// Removes those in this directory, once. One that may not be changed stays as it is.
    void remove_from(const std::string& directory);

private:
    std::timespec started_{};
    std::set<std::string> seen_;
};

}  // namespace threadrunner::taglib
