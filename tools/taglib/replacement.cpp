#include "taglib/replacement.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <tuple>
#include <utility>
#include <vector>

#include "taglib/audio_file.h"
#include "taglib/leftovers.h"

namespace threadrunner::taglib {
namespace {

using Problem = std::unexpected<std::string>;

constexpr std::size_t copied_bytes = std::size_t{1024} * 1024;
constexpr int links_max = 8;

/// Where a path leads whose last part may be a symbolic link; directories on the way are the
/// system's affair. Renaming would replace the link.
std::expected<std::string, std::string> without_link(const std::string& path) {
    std::string at = path;
    for (int links = 0; links < links_max; ++links) {
        struct stat status{};
        if (::lstat(at.c_str(), &status) != 0) {
            return Problem(file_message("Cannot read", path, errno));
        }
        if (!S_ISLNK(status.st_mode)) {
            return at;
        }
        std::array<char, 4096> target;
        const ssize_t length = ::readlink(at.c_str(), target.data(), target.size());
        if (length <= 0 || length == ssize_t{target.size()} || target[0] == '/') {
            return Problem("Cannot write " + path + ": the link leads out of what was granted");
        }
        at = directory_of(at) + "/" + std::string(target.data(), static_cast<std::size_t>(length));
    }
    return Problem(file_message("Cannot read", path, ELOOP));
}

/// Copies all that `from` has to `to`; false with errno.
bool copy_all(int from, int to) {
    std::vector<char> piece(copied_bytes);
    for (;;) {
        const ssize_t count = ::read(from, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0;
        }
        for (ssize_t done = 0; done < count;) {
            const ssize_t written =
                ::write(to, piece.data() + done, static_cast<std::size_t>(count - done));
            if (written < 0 && errno != EINTR) {
                return false;
            }
            done += written < 0 ? 0 : written;
        }
    }
}

bool same_file(const struct stat& one, const struct stat& other) {
    const auto what = [](const struct stat& status) {
        return std::tuple(status.st_ino, status.st_size, status.st_mtim.tv_sec,
                          status.st_mtim.tv_nsec);
    };
    return what(one) == what(other);
}

}  // namespace

std::expected<Replacement, std::string> Replacement::begin(const std::string& path) {
    auto target = without_link(path);
    if (!target) {
        return Problem(std::move(target).error());
    }
    // opened for writing only to hear whether it may be: renaming would not ask
    const UniqueFd from(::open(target->c_str(), O_RDWR));
    struct stat original{};
    if (!from || ::fstat(from.get(), &original) != 0) {
        return Problem(file_message("Cannot write", path, errno));
    }
    std::string copy = temporary_name(directory_of(*target));
    const UniqueFd to(::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR));
    if (!to) {
        return Problem(file_message("Cannot write beside", path, errno));
    }
    Replacement replacement(*std::move(target), std::move(copy), original);
    if (!copy_all(from.get(), to.get())) {
        return Problem(file_message("Save failed:", path, errno));
    }
    return replacement;
}

Replacement::Replacement(std::string path, std::string copy, const struct stat& original)
    : path_(std::move(path)), copy_(std::move(copy)), original_(original) {}

Replacement::Replacement(Replacement&& other) noexcept
    : path_(std::move(other.path_)),
      copy_(std::exchange(other.copy_, {})),
      original_(other.original_) {}

Replacement::~Replacement() {
    if (!copy_.empty()) {
        (void)::unlink(copy_.c_str());
    }
}

Replacement::Outcome Replacement::commit() {
    {
        const UniqueFd copy(::open(copy_.c_str(), O_RDWR));
        if (!copy && errno == ENOENT) {
            return Outcome::overtaken;
        }
        if (!copy || ::fsync(copy.get()) != 0) {
            return Outcome::failed;
        }
    }
    struct stat now{};
    if (::lstat(path_.c_str(), &now) == 0 && !same_file(now, original_)) {
        return Outcome::overtaken;
    }
    if (::rename(copy_.c_str(), path_.c_str()) != 0) {
        return errno == ENOENT ? Outcome::overtaken : Outcome::failed;
    }
    copy_.clear();
    // so that the new name outlives a power cut, too; not every host lets a guest do that
    const UniqueFd directory(::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY));
    if (directory) {
        (void)::fsync(directory.get());
    }
    return Outcome::done;
}

}  // namespace threadrunner::taglib
