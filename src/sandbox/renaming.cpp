#include "sandbox/renaming.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>
#include <variant>
#include <wasmtime/func.hh>
#include <wasmtime/memory.hh>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "sandbox/file_attributes.h"
#include "sandbox/wasi_errno.h"

namespace threadrunner::sandbox {
namespace {

using Word = std::int32_t;

/// Of WASI, behind the three standard streams: the granted directories in their order.
constexpr Word first_directory = 3;

/// The directory that a path ends in, open, and the name in it.
struct Place {
    UniqueFd directory;
    std::string name;
};

/// errno where it cannot be reached without leaving the granted directory.
std::variant<Place, int> find_place(const GrantedPath& granted) {
    std::string_view path = granted.path;
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    if (path.empty()) {
        return granted.path.empty() ? ENOENT : EPERM;
    }
    if (path.starts_with('/')) {
        return EXDEV;
    }
    const std::size_t slash = path.rfind('/');
    const std::string parent(slash == path.npos ? "." : path.substr(0, slash));
    std::string name(slash == path.npos ? path : path.substr(slash + 1));
    if (name == "." || name == "..") {
        return EBUSY;
    }
    const open_how how{.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                       .mode = 0,
                       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    UniqueFd directory(static_cast<int>(
        ::syscall(SYS_openat2, granted.grant->directory.get(), parent.c_str(), &how, sizeof how)));
    if (!directory) {
        return errno;
    }
    return Place{.directory = std::move(directory), .name = std::move(name)};
}

/// A regular file, and none that is reached by a symlink.
UniqueFd open_file(const Place& place) {
    UniqueFd file(::openat(place.directory.get(), place.name.c_str(),
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat facts{};
    if (file && (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))) {
        file.reset();
    }
    return file;
}

void prepare_to_replace(const Place& from, const Place& to) {
    const UniqueFd old = open_file(to);
    const UniqueFd new_one = old ? open_file(from) : UniqueFd();
    if (old && new_one) {
        take_over_attributes(old.get(), new_one.get());
    }
}

/// What a call of the module's says, of its memory.
std::optional<GrantedPath> read_path(wasmtime::Caller& caller, std::span<const OpenGrant> grants,
                                     Word directory, Word address, Word length, WasiErrno& fault) {
    const auto memory = caller.get_export("memory");
    const auto* const found = memory ? std::get_if<wasmtime::Memory>(&*memory) : nullptr;
    const auto bytes = found != nullptr ? found->data(caller) : wasmtime::Span<std::uint8_t>();
    const std::size_t begin = static_cast<std::uint32_t>(address);
    const std::size_t size = static_cast<std::uint32_t>(length);
    if (begin > bytes.size() || size > bytes.size() - begin) {
        fault = WasiErrno::fault;
        return std::nullopt;
    }
    if (size > limits::sandbox_text_bytes_max) {
        fault = WasiErrno::nametoolong;
        return std::nullopt;
    }
    std::string path(reinterpret_cast<const char*>(bytes.data()) + begin, size);
    const std::size_t which = static_cast<std::uint32_t>(directory) - std::size_t{first_directory};
    if (path.find('\0') != std::string::npos) {
        fault = WasiErrno::inval;
    } else if (directory < first_directory) {
        fault = WasiErrno::badf;
    } else if (which >= grants.size()) {
        fault = WasiErrno::notsup;
    } else if (!grants[which].writable) {
        fault = WasiErrno::perm;
    } else {
        return GrantedPath{.grant = &grants[which], .path = std::move(path)};
    }
    return std::nullopt;
}

}  // namespace

int rename_granted(const GrantedPath& from, const GrantedPath& to) {
    auto source = find_place(from);
    auto target = find_place(to);
    for (const auto* const place : {&source, &target}) {
        if (const int* const fault = std::get_if<int>(place)) {
            return *fault;
        }
    }
    const Place& old_place = std::get<Place>(source);
    const Place& new_place = std::get<Place>(target);
    prepare_to_replace(old_place, new_place);
    return ::renameat(old_place.directory.get(), old_place.name.c_str(), new_place.directory.get(),
                      new_place.name.c_str()) == 0
               ? 0
               : errno;
}

Result<void> define_renaming(wasmtime::Linker& linker, std::span<const OpenGrant> grants) {
    linker.allow_shadowing(true);
    auto defined = linker.func_wrap(
        "wasi_snapshot_preview1", "path_rename",
        [grants](wasmtime::Caller caller, Word from_directory, Word from, Word from_length,
                 Word to_directory, Word to, Word to_length) -> Word {
            WasiErrno fault = WasiErrno::success;
            const auto source = read_path(caller, grants, from_directory, from, from_length, fault);
            const auto target = read_path(caller, grants, to_directory, to, to_length, fault);
            if (source && target) {
                fault = wasi_errno(rename_granted(*source, *target));
            }
            return static_cast<Word>(fault);
        });
    linker.allow_shadowing(false);
    if (!defined) {
        return fail(ErrorCode::internal, "cannot define WASI's renaming");
    }
    return {};
}

}  // namespace threadrunner::sandbox
