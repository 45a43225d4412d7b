#include "sandbox/open_grant.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace threadrunner::sandbox {
namespace {

ErrorCode code_of(int error_number) {
    switch (error_number) {
        case ENOENT:
            return ErrorCode::not_found;
        case EACCES:
        case EPERM:
            return ErrorCode::forbidden;
        default:
            return ErrorCode::invalid_request;
    }
}

}  // namespace

Result<std::vector<OpenGrant>> open_grants(const std::vector<Grant>& grants) {
    std::vector<OpenGrant> open;
    open.reserve(grants.size());
    for (const Grant& grant : grants) {
        UniqueFd directory(::open(grant.host.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!directory) {
            return fail_system(code_of(errno),
                               "cannot grant " + grant.host.string() + " as " + grant.guest, errno);
        }
        open.push_back(
            {.directory = std::move(directory), .guest = grant.guest, .writable = grant.writable});
    }
    return open;
}

}  // namespace threadrunner::sandbox
