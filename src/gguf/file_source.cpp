#include "gguf/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace threadrunner::gguf {
namespace {

std::unexpected<Error> refuse_errno(const std::string& path, int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return fail(ErrorCode::unknown_model,
                        "there is no model file " + path +
                            "; check the path, or see what is there with: threadrunner models");
        case EACCES:
        case EPERM:
            return fail(ErrorCode::model_load_failed,
                        "no permission to read " + path +
                            "; let the user that runs ThreadRunner read it and enter its folders");
        default:
            return fail_system(ErrorCode::model_load_failed, "cannot open " + path, error_number);
    }
}

Result<void> check_kind(const std::string& path, mode_t mode) {
    if (S_ISREG(mode)) {
        return {};
    }
    if (S_ISDIR(mode)) {
        return fail(ErrorCode::unknown_model, path + " is a directory; name the .gguf file in it");
    }
    const char* kind = S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
    return fail(ErrorCode::model_load_failed,
                path + " is " + kind + "; a model is used in place, so it must be a file");
}

}  // namespace

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path) {
    const std::string name = path.string();
    struct stat status{};
    // Before opening, since opening a device can start something.
    if (::stat(path.c_str(), &status) != 0) {
        return refuse_errno(name, errno);
    }
    if (auto checked = check_kind(name, status.st_mode); !checked) {
        return std::unexpected(checked.error());
    }
    // Should a pipe have taken the file's place by now, then O_NONBLOCK keeps us from waiting on
    // it.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return refuse_errno(name, errno);
    }
    if (auto checked = check_kind(name, status.st_mode); !checked) {
        return std::unexpected(checked.error());
    }
    return std::make_unique<FileSource>(std::move(fd), static_cast<std::uint64_t>(status.st_size));
}

Result<std::size_t> FileSource::read(std::uint64_t offset, std::span<char> out) {
    std::size_t filled = 0;
    while (filled < out.size()) {
        const ssize_t got = ::pread(fd_.get(), out.data() + filled, out.size() - filled,
                                    static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_system(ErrorCode::model_load_failed, "cannot be read", errno);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    return filled;
}

}  // namespace threadrunner::gguf
