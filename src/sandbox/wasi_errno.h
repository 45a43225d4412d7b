#pragma once

#include <cerrno>
#include <cstdint>

namespace threadrunner::sandbox {

/// `errno` of WASI's preview 1, in the order of its witx; those that this program answers with.
enum class WasiErrno : std::int32_t {
    success = 0,
    acces = 2,
    badf = 8,
    busy = 10,
    dquot = 19,
    exist = 20,
    fault = 21,
    inval = 28,
    io = 29,
    isdir = 31,
    loop = 32,
    mfile = 33,
    mlink = 34,
    nametoolong = 37,
    noent = 44,
    nomem = 48,
    nospc = 51,
    notdir = 54,
    notempty = 55,
    notsup = 58,
    perm = 63,
    rofs = 69,
    xdev = 75,
    notcapable = 76,
};

/// The system's errno as WASI's.
[[nodiscard]] constexpr WasiErrno wasi_errno(int error_number) {
    switch (error_number) {
        case 0:
            return WasiErrno::success;
        case EACCES:
            return WasiErrno::acces;
        case EBUSY:
            return WasiErrno::busy;
        case EDQUOT:
            return WasiErrno::dquot;
        case EEXIST:
            return WasiErrno::exist;
        case EINVAL:
            return WasiErrno::inval;
        case EISDIR:
            return WasiErrno::isdir;
        case ELOOP:
            return WasiErrno::loop;
        case EMFILE:
            return WasiErrno::mfile;
        case EMLINK:
            return WasiErrno::mlink;
        case ENAMETOOLONG:
            return WasiErrno::nametoolong;
        case ENOENT:
            return WasiErrno::noent;
        case ENOMEM:
            return WasiErrno::nomem;
        case ENOSPC:
            return WasiErrno::nospc;
        case ENOTDIR:
            return WasiErrno::notdir;
        case ENOTEMPTY:
            return WasiErrno::notempty;
        case ENOSYS:
        case EOPNOTSUPP:
            return WasiErrno::notsup;
        case EPERM:
            return WasiErrno::perm;
        case EROFS:
            return WasiErrno::rofs;
        case EXDEV:
            return WasiErrno::xdev;
        default:
            return WasiErrno::io;
    }
}

}  // namespace threadrunner::sandbox
