#include "taglib/directory_names.h"

#ifdef __wasi__

#include <fcntl.h>
#include <wasi/api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/unique_fd.h"

namespace threadrunner::taglib {
namespace {

/// A host may look at every entry of the directory for each call, whatever part of it is wanted:
/// Wasmtime does. readdir() asks for 4 KiB, so that it would take minutes for 10,000 files.
constexpr std::size_t listed_bytes = std::size_t{1024} * 1024;

/// Takes the whole entries of a listing; where the next one begins, 0 when none was whole.
__wasi_dircookie_t take_names(const std::vector<std::uint8_t>& bytes, std::size_t size,
                              std::vector<std::string>& names) {
    __wasi_dircookie_t next = 0;
    for (std::size_t at = 0; size - at >= sizeof(__wasi_dirent_t);) {
        __wasi_dirent_t entry{};
        std::memcpy(&entry, bytes.data() + at, sizeof entry);
        at += sizeof entry;
        if (entry.d_namlen > size - at) {
            break;  // it goes on in the next
        }
        names.emplace_back(reinterpret_cast<const char*>(bytes.data()) + at, entry.d_namlen);
        at += entry.d_namlen;
        next = entry.d_next;
    }
    return next;
}

}  // namespace

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY));
    std::vector<std::uint8_t> bytes(fd ? listed_bytes : 0);
    __wasi_dircookie_t from = __WASI_DIRCOOKIE_START;
    for (std::size_t size = bytes.size(); fd && size == bytes.size();) {
        if (__wasi_fd_readdir(static_cast<__wasi_fd_t>(fd.get()), bytes.data(), bytes.size(), from,
                              &size) != __WASI_ERRNO_SUCCESS) {
            break;
        }
        const __wasi_dircookie_t next = take_names(bytes, size, names);
        if (next == 0) {
            break;
        }
        from = next;
    }
    return names;
}

}  // namespace threadrunner::taglib

#else

#include <dirent.h>

#include <memory>

namespace threadrunner::taglib {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, CloseDirectory> opened(::opendir(directory.c_str()));
    while (const dirent* entry = opened ? ::readdir(opened.get()) : nullptr) {
        names.emplace_back(entry->d_name);
    }
    return names;
}

}  // namespace threadrunner::taglib

#endif
