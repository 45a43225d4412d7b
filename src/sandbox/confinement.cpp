#include "sandbox/confinement.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/limits.h"
#include "sandbox/landlock.h"
#include "sandbox/system_calls.h"

namespace threadrunner::sandbox {
namespace {

/// Never more than it already is.
Result<void> lower_limit(__rlimit_resource resource, rlim_t most) {
    rlimit limit{};
    ::getrlimit(resource, &limit);
    limit.rlim_max = std::min(limit.rlim_max, most);
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(resource, &limit) != 0) {
        return fail_system(ErrorCode::internal, "cannot lower a limit of this process", errno);
    }
    return {};
}

}  // namespace

Result<void> give_up_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail_system(ErrorCode::internal, "cannot give up new privileges", errno);
    }
    ::umask(S_IRWXG | S_IRWXO);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that is too large is an error of the write
    for (const auto& [resource, most] :
         {std::pair(RLIMIT_CORE, rlim_t{0}),
          std::pair(RLIMIT_NOFILE, rlim_t{limits::sandbox_open_files_max}),
          std::pair(RLIMIT_FSIZE, rlim_t{limits::sandbox_file_bytes_max})}) {
        if (auto lowered = lower_limit(resource, most); !lowered) {
            return lowered;
        }
    }
    return {};
}

Result<void> confine(std::span<const OpenGrant> grants) {
    if (auto restricted = restrict_by_landlock(grants); !restricted) {
        return restricted;
    }
    return filter_system_calls();
}

wire::Json describe_confinement() {
    return {{"landlock", landlock_version()}, {"seccomp", can_filter_system_calls()}};
}

}  // namespace threadrunner::sandbox
