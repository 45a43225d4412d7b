#include "sandbox/module_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/sha256.h"
#include "sandbox/whole_file.h"

namespace threadrunner::sandbox {
namespace {

constexpr std::size_t digest_digits = 64;
constexpr std::string_view ending = ".cwasm";
constexpr std::string_view unfinished = ".unfinished-";

std::string digest_of(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.finish();
}

/// Whether only we can have written what is there.
bool is_ours(const struct stat& facts) {
    return facts.st_uid == ::geteuid() && (facts.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

struct Entry {
    std::string name;
    timespec written{};
};

bool older(const Entry& left, const Entry& right) {
    return std::pair(left.written.tv_sec, left.written.tv_nsec) <
           std::pair(right.written.tv_sec, right.written.tv_nsec);
}

/// All entries of a cache, of whatever version.
std::vector<Entry> entries_in(int folder) {
    UniqueFd again(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(again.get()), &::closedir);
    std::vector<Entry> found;
    if (!listing) {
        return found;
    }
    static_cast<void>(again.release());  // the listing's now
    while (const dirent* const item = ::readdir(listing.get())) {
        const std::string_view name = item->d_name;
        struct stat facts{};
        if ((name.ends_with(ending) || name.starts_with(unfinished)) &&
            ::fstatat(folder, item->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0) {
            found.push_back({.name = std::string(name), .written = facts.st_mtim});
        }
    }
    return found;
}

}  // namespace

Result<ModuleCache> ModuleCache::open(const std::filesystem::path& folder,
                                      std::string_view compiler_version) {
    const std::string what = "the folder of compiled modules, " + folder.string();
    if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return fail_system(ErrorCode::internal, "cannot make " + what, errno);
    }
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat facts{};
    if (!fd || ::fstat(fd.get(), &facts) != 0) {
        return fail_system(ErrorCode::internal, "cannot open " + what, errno);
    }
    if (!is_ours(facts)) {
        return fail(ErrorCode::forbidden, what +
                                              ", is not used: others own it or may write to "
                                              "it; remove it, or make it yours and chmod 700");
    }
    return ModuleCache(std::move(fd),
                       "-wasmtime-" + std::string(compiler_version) + std::string(ending));
}

std::optional<std::string> ModuleCache::find(const std::string& sha256) const {
    const std::string name = sha256 + suffix_;
    const UniqueFd fd(
        ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat facts{};
    if (!fd || ::fstat(fd.get(), &facts) != 0 || !is_ours(facts)) {
        return std::nullopt;
    }
    auto bytes = read_whole(fd.get(), limits::sandbox_compile_bytes_max, name);
    if (!bytes || bytes->size() <= digest_digits) {
        return std::nullopt;
    }
    const std::string digest = bytes->substr(bytes->size() - digest_digits);
    bytes->resize(bytes->size() - digest_digits);
    return digest == digest_of(*bytes) ? std::optional(*std::move(bytes)) : std::nullopt;
}

Result<void> ModuleCache::store(const std::string& sha256, std::string_view compiled) const {
    const std::string name = sha256 + suffix_;
    const std::string draft = std::string(unfinished) + std::to_string(::getpid());
    UniqueFd fd(::openat(folder_.get(), draft.c_str(),
                         O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!fd) {
        return fail_system(ErrorCode::internal, "cannot make " + draft, errno);
    }
    auto written = write_whole(fd.get(), compiled, draft);
    if (written) {
        written = write_whole(fd.get(), digest_of(compiled), draft);
    }
    if (written && ::renameat(folder_.get(), draft.c_str(), folder_.get(), name.c_str()) != 0) {
        written = fail_system(ErrorCode::internal, "cannot name " + name, errno);
    }
    if (!written) {
        ::unlinkat(folder_.get(), draft.c_str(), 0);
        return written;
    }
    prune();
    return {};
}

void ModuleCache::prune() const {
    std::vector<Entry> entries = entries_in(folder_.get());
    if (entries.size() <= limits::sandbox_cache_entries_max) {
        return;
    }
    std::ranges::sort(entries, &older);
    entries.resize(entries.size() - limits::sandbox_cache_entries_max);
    for (const Entry& entry : entries) {
        ::unlinkat(folder_.get(), entry.name.c_str(), 0);
    }
}

}  // namespace threadrunner::sandbox
