#include "cli/doctor/limits_check.h"

#include <sys/resource.h>

#include <string>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::cli {
namespace {

constexpr const char* group = "limits";
/// A connection a client, three a worker, and some.
constexpr std::uint64_t open_files_min = 256;
constexpr std::uint64_t processes_min = 64;

enum class Which : bool { soft, hard };

std::optional<std::uint64_t> limit_of(int resource, Which which) {
    rlimit limit{};
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) {
        return std::nullopt;
    }
    const rlim_t value = which == Which::soft ? limit.rlim_cur : limit.rlim_max;
    return value == RLIM_INFINITY ? std::nullopt : std::optional<std::uint64_t>(value);
}

}  // namespace

LimitsFacts look_at_limits() {
    return {.open_files = limit_of(RLIMIT_NOFILE, Which::hard),
            .address_bytes = limit_of(RLIMIT_AS, Which::soft),
            .file_bytes = limit_of(RLIMIT_FSIZE, Which::soft),
            .processes = limit_of(RLIMIT_NPROC, Which::soft)};
}

Findings judge_limits(const LimitsFacts& facts) {
    Findings out;
    if (facts.open_files && *facts.open_files < limits::connections_max) {
        const bool few = *facts.open_files < open_files_min;
        out.push_back({few ? Health::problem : Health::warning, group,
                       "at most " + std::to_string(*facts.open_files) +
                           " files may be open, fewer than clients may connect",
                       "raise it: ulimit -Hn 4096, or LimitNOFILE= of the service"});
    }
    if (facts.address_bytes) {
        out.push_back({Health::warning, group,
                       "a process may address " + format_bytes(*facts.address_bytes) +
                           ": a model's file counts whole",
                       "lift it: ulimit -v unlimited"});
    }
    if (facts.file_bytes) {
        out.push_back({Health::warning, group,
                       "a file may have " + format_bytes(*facts.file_bytes) +
                           ": logs stop there, and their writer is killed",
                       "lift it: ulimit -f unlimited"});
    }
    if (facts.processes && *facts.processes < processes_min) {
        out.push_back({Health::warning, group,
                       "this user may have " + std::to_string(*facts.processes) + " processes",
                       "raise it: ulimit -u 1024"});
    }
    if (out.empty()) {
        out.push_back({Health::ok,
                       group,
                       facts.open_files
                           ? std::to_string(*facts.open_files) + " open files, no other limit"
                           : "none that matters",
                       {}});
    }
    return out;
}

}  // namespace threadrunner::cli
