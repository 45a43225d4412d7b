#include "taglib/leftovers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>

#include "taglib/directory_names.h"

namespace threadrunner::taglib {
namespace {

constexpr std::string_view prefix = ".threadrunner-taglib-";
constexpr std::string_view suffix = ".tmp";
constexpr std::size_t random_digits = 16;
constexpr std::size_t seen_max = 10'000;  ///< directories; then all are looked through once more
constexpr std::string_view digits = "0123456789abcdef";

bool is_ours(std::string_view name) {
    if (name.size() != prefix.size() + random_digits + suffix.size() || !name.starts_with(prefix) ||
        !name.ends_with(suffix)) {
        return false;
    }
    return name.substr(prefix.size(), random_digits).find_first_not_of(digits) == name.npos;
}

}  // namespace

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos) {
        return ".";
    }
    return path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string temporary_name(const std::string& directory) {
    std::array<std::uint8_t, random_digits / 2> random{};
    (void)::getentropy(random.data(), random.size());  // O_EXCL finds out about a name in use
    std::string name = directory + "/" + std::string(prefix);
    for (const std::uint8_t byte : random) {
        name += digits[byte >> 4];
        name += digits[byte & 0x0F];
    }
    return name + std::string(suffix);
}

Leftovers::Leftovers() { ::clock_gettime(CLOCK_REALTIME, &started_); }

void Leftovers::remove_from(const std::string& directory) {
    if (seen_.size() >= seen_max) {
        seen_.clear();
    }
    if (!seen_.insert(directory).second) {
        return;
    }
    for (const std::string& name : names_in(directory)) {
        if (!is_ours(name)) {
            continue;
        }
        std::string path = directory;
        path.append("/").append(name);
        struct stat status{};
        if (::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
            std::tie(status.st_mtim.tv_sec, status.st_mtim.tv_nsec) <
                std::tie(started_.tv_sec, started_.tv_nsec)) {
            (void)::unlink(path.c_str());
        }
    }
}

}  // namespace threadrunner::taglib
