#include "sandbox/system_calls.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace threadrunner::sandbox {
namespace {

constexpr std::uint32_t refused = SCMP_ACT_ERRNO(EPERM);

/// By name, since not every architecture and not every libseccomp has them all.
constexpr std::array refused_calls = {
    // the network
    "socket", "bind", "connect", "listen", "accept", "accept4",
    // programs and processes; threads are clone's, below
    "execve", "execveat", "fork", "vfork", "setsid", "setpgid", "kill", "tkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal",
    // other processes' memory and descriptors
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    // users, roots and mounts
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid",
    "setfsgid", "capset", "chroot", "pivot_root", "unshare", "setns", "mount", "umount2",
    "mount_setattr", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
    // names that lead elsewhere, and what is no file
    "symlink", "symlinkat", "link", "linkat", "mknod", "mknodat", "open_by_handle_at",
    // parts of the kernel that a module has no business with
    "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open",
    "userfaultfd", "keyctl", "add_key", "request_key", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct",
    "quotactl", "quotactl_fd", "syslog", "settimeofday", "adjtimex", "clock_adjtime",
    "clock_settime", "sethostname", "setdomainname", "iopl", "ioperm", "personality", "vhangup",
    "fanotify_init", "lookup_dcookie", "nfsservctl", "uselib"};

struct Release {
    void operator()(void* filter) const { ::seccomp_release(filter); }
};

/// 0, or a negated errno.
int add_rules(scmp_filter_ctx filter) {
    for (const char* const name : refused_calls) {
        const int number = ::seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR) {
            continue;  // newer than this libseccomp
        }
        if (const int fault = ::seccomp_rule_add(filter, refused, number, 0);
            fault != 0 && fault != -EDOM && fault != -EOPNOTSUPP) {
            return fault;
        }
    }
    // a thread is a clone in the same process; clone3 hides its flags, and glibc does without it
    constexpr scmp_arg_cmp no_thread{
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = 0};
    const scmp_arg_cmp of_others{.arg = 0,
                                 .op = SCMP_CMP_NE,
                                 .datum_a = static_cast<scmp_datum_t>(::getpid()),
                                 .datum_b = 0};
    constexpr scmp_arg_cmp typing{
        .arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xffffffffU, .datum_b = TIOCSTI};
    const std::array faults = {
        ::seccomp_rule_add_array(filter, refused, SCMP_SYS(clone), 1, &no_thread),
        ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0),
        ::seccomp_rule_add_array(filter, refused, SCMP_SYS(tgkill), 1, &of_others),
        ::seccomp_rule_add_array(filter, refused, SCMP_SYS(ioctl), 1, &typing)};
    for (const int fault : faults) {
        if (fault != 0) {
            return fault;
        }
    }
    return 0;
}

}  // namespace

bool can_filter_system_calls() { return ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0; }

Result<void> filter_system_calls() {
    if (!can_filter_system_calls()) {
        return {};
    }
    const std::unique_ptr<void, Release> filter(::seccomp_init(SCMP_ACT_ALLOW));
    if (!filter) {
        return fail(ErrorCode::internal, "cannot make a filter of system calls");
    }
    int fault = add_rules(filter.get());
    if (fault == 0) {
        ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);  // every thread there is
        fault = ::seccomp_load(filter.get());
    }
    if (fault != 0) {
        return fail_system(ErrorCode::internal, "cannot filter system calls", -fault);
    }
    return {};
}

}  // namespace threadrunner::sandbox
