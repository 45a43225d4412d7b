#include "sandbox/landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/unique_fd.h"

namespace threadrunner::sandbox {
namespace {

// linux/landlock.h, of a newer kernel than that whose headers may be installed
constexpr std::uint32_t create_ruleset_version = 1U << 0;
constexpr int rule_path_beneath = 1;

namespace fs {
constexpr std::uint64_t write_file = 1U << 1;
constexpr std::uint64_t read_file = 1U << 2;
constexpr std::uint64_t read_dir = 1U << 3;
constexpr std::uint64_t remove_dir = 1U << 4;
constexpr std::uint64_t remove_file = 1U << 5;
constexpr std::uint64_t make_dir = 1U << 7;
constexpr std::uint64_t make_regular = 1U << 8;
constexpr std::uint64_t all_of_version_1 = (1U << 13) - 1;  ///< sockets, FIFOs, devices, symlinks …
constexpr std::uint64_t refer = 1U << 13;                   ///< rename across directories
constexpr std::uint64_t truncate = 1U << 14;
constexpr std::uint64_t ioctl_device = 1U << 15;
}  // namespace fs

constexpr std::uint64_t tcp_bind_and_connect = 3;
constexpr std::uint64_t abstract_sockets_and_signals = 3;

struct RulesetAttributes {
    std::uint64_t handled_access_fs = 0;
    std::uint64_t handled_access_net = 0;
    std::uint64_t scoped = 0;
};

struct [[gnu::packed]] PathBeneathAttributes {
    std::uint64_t allowed_access;
    std::int32_t parent_fd;
};

/// Everything that this version of Landlock can take away.
RulesetAttributes all_of(int version) {
    RulesetAttributes all{.handled_access_fs = fs::all_of_version_1};
    if (version >= 2) {
        all.handled_access_fs |= fs::refer;
    }
    if (version >= 3) {
        all.handled_access_fs |= fs::truncate;
    }
    if (version >= 4) {
        all.handled_access_net = tcp_bind_and_connect;
    }
    if (version >= 5) {
        all.handled_access_fs |= fs::ioctl_device;
    }
    if (version >= 6) {
        all.scoped = abstract_sockets_and_signals;
    }
    return all;
}

std::uint64_t rights_in(const OpenGrant& grant) {
    constexpr std::uint64_t reading = fs::read_file | fs::read_dir;
    constexpr std::uint64_t writing = fs::write_file | fs::remove_dir | fs::remove_file |
                                      fs::make_dir | fs::make_regular | fs::refer | fs::truncate;
    return grant.writable ? reading | writing : reading;
}

/// The kernel refuses attributes that it does not know, even if they are zero but beyond its size.
std::size_t size_for(int version) {
    return version >= 6   ? sizeof(RulesetAttributes)
           : version >= 4 ? offsetof(RulesetAttributes, scoped)
                          : offsetof(RulesetAttributes, handled_access_net);
}

}  // namespace

int landlock_version() {
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, create_ruleset_version);
    return version > 0 ? static_cast<int>(version) : 0;
}

Result<void> restrict_by_landlock(std::span<const OpenGrant> grants) {
    const int version = landlock_version();
    if (version == 0) {
        return {};
    }
    const RulesetAttributes all = all_of(version);
    const UniqueFd rules(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &all, size_for(version), std::uint32_t{0})));
    if (!rules) {
        return fail_system(ErrorCode::internal, "cannot make rules for Landlock", errno);
    }
    for (const OpenGrant& grant : grants) {
        const PathBeneathAttributes rule{.allowed_access = rights_in(grant) & all.handled_access_fs,
                                         .parent_fd = grant.directory.get()};
        if (::syscall(SYS_landlock_add_rule, rules.get(), rule_path_beneath, &rule,
                      std::uint32_t{0}) != 0) {
            return fail_system(ErrorCode::internal, "Landlock does not take " + grant.guest, errno);
        }
    }
    if (::syscall(SYS_landlock_restrict_self, rules.get(), std::uint32_t{0}) != 0) {
        return fail_system(ErrorCode::internal, "Landlock does not restrict this process", errno);
    }
    return {};
}

}  // namespace threadrunner::sandbox
