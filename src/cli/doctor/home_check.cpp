#include "cli/doctor/home_check.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* group = "home";
constexpr mode_t of_others = S_IRWXG | S_IRWXO;

/// Locks and sockets on such file systems do not do what they do elsewhere.
std::string network_system_of(const fs::path& path) {
    constexpr long cifs_magic = 0xFF534D42;
    constexpr long smb2_magic = 0xFE534D42;
    struct statfs system{};
    if (::statfs(path.c_str(), &system) != 0) {
        return {};
    }
    switch (static_cast<long>(system.f_type)) {
        case NFS_SUPER_MAGIC:
            return "NFS";
        case cifs_magic:
        case smb2_magic:
            return "SMB";
        default:
            return {};
    }
}

DirectoryFacts look_at(const fs::path& path) {
    DirectoryFacts facts{.path = path, .network_system = {}};
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return facts;
    }
    facts.exists = true;
    facts.is_directory = S_ISDIR(status.st_mode);
    facts.ours = status.st_uid == ::geteuid();
    facts.mode = status.st_mode & 07777;
    facts.writable = ::access(path.c_str(), R_OK | W_OK | X_OK) == 0;
    struct statvfs system{};
    facts.read_only_system =
        ::statvfs(path.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
    facts.network_system = network_system_of(path);
    return facts;
}

std::string octal(mode_t mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode));
    return text.data();
}

/// The worst fault that a directory has, or ok.
Finding judge(const DirectoryFacts& facts) {
    const std::string name = facts.path.string();
    if (!facts.is_directory) {
        return {Health::problem, group, name + " is not a directory",
                "move it away, or choose another THREADRUNNER_HOME"};
    }
    if (!facts.ours) {
        return {Health::problem, group, name + " belongs to another user",
                "choose a THREADRUNNER_HOME of your own"};
    }
    if (facts.read_only_system) {
        return {Health::problem, group, name + " is on a file system that cannot be written",
                "mount it for writing, or choose another THREADRUNNER_HOME"};
    }
    if (!facts.writable) {
        return {Health::problem, group,
                name + " cannot be written (mode " + octal(facts.mode) + ")",
                "chmod 700 '" + name + "'"};
    }
    if ((facts.mode & (S_IWGRP | S_IWOTH)) != 0) {
        return {Health::problem, group,
                "others may write to " + name + " (mode " + octal(facts.mode) +
                    "): no daemon will use it",
                "chmod 700 '" + name + "'"};
    }
    if ((facts.mode & of_others) != 0) {
        return {Health::warning, group,
                "others may look into " + name + " (mode " + octal(facts.mode) + ")",
                "chmod 700 '" + name + "'"};
    }
    if (!facts.network_system.empty()) {
        return {Health::warning, group,
                name + " is on a network's file system (" + facts.network_system +
                    "), where sockets and locks may fail",
                "choose a THREADRUNNER_HOME on a local disk; models may stay where they are"};
    }
    return {Health::ok, group, name, {}};
}

}  // namespace

std::vector<DirectoryFacts> look_at_home(const Home& home) {
    std::vector<DirectoryFacts> out;
    for (const fs::path& path : {home.root, home.models(), home.cache(), home.logs(), home.run()}) {
        out.push_back(look_at(path));
    }
    return out;
}

Findings judge_home(const std::vector<DirectoryFacts>& directories) {
    Findings out;
    for (const DirectoryFacts& facts : directories) {
        const bool is_root = &facts == &directories.front();
        if (!facts.exists) {
            if (is_root) {
                return {{Health::note, group, facts.path.string() + " is not there yet",
                         "the first daemon creates it"}};
            }
            continue;  // created when it is needed
        }
        Finding finding = judge(facts);
        if (is_root || finding.health != Health::ok) {
            out.push_back(std::move(finding));
        }
    }
    return out;
}

Findings check_socket_place(const std::filesystem::path& socket) {
    if (const auto fits = check_socket_path(socket); !fits) {
        return {{Health::problem, "socket", fits.error().message, {}}};
    }
    return {{Health::ok, "socket", socket.string(), {}}};
}

}  // namespace threadrunner::cli
