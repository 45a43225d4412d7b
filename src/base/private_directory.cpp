#include "base/private_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace threadrunner {

namespace fs = std::filesystem;

Result<void> create_private_directory(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) == 0) {
        return {};
    }
    if (errno != EEXIST) {
        return fail_system(ErrorCode::internal, "cannot create " + directory.string(), errno);
    }
    struct stat status{};
    if (::stat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return fail(ErrorCode::internal, directory.string() + " is not a directory");
    }
    if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(ErrorCode::forbidden, directory.string() +
                                              " belongs to someone else or others may write to it; "
                                              "run: chmod 700 " +
                                              directory.string());
    }
    return {};
}

}  // namespace threadrunner
