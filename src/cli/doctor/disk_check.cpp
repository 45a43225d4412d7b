#include "cli/doctor/disk_check.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <optional>
#include <string>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::cli {
namespace {

constexpr const char* group = "disk";
constexpr std::uint64_t free_bytes_few = limits::gib;        ///< no room for a model
constexpr std::uint64_t free_bytes_none = 50 * limits::mib;  ///< no room for logs

std::optional<DiskFacts> look_at(const std::filesystem::path& path) {
    struct statvfs system{};
    if (::statvfs(path.c_str(), &system) != 0) {
        return std::nullopt;
    }
    return DiskFacts{.path = path,
                     .free_bytes = std::uint64_t{system.f_bavail} * system.f_frsize,
                     .total_bytes = std::uint64_t{system.f_blocks} * system.f_frsize,
                     .files_left = system.f_files == 0 || system.f_favail > 0};
}

bool on_one_disk(const std::filesystem::path& a, const std::filesystem::path& b) {
    struct stat first{};
    struct stat second{};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev;
}

}  // namespace

std::vector<DiskFacts> look_at_disks(const Home& home) {
    std::vector<DiskFacts> out;
    // a home that is not there yet will be where its parent is
    for (const auto& path : {home.root, home.root.parent_path()}) {
        if (auto facts = look_at(path)) {
            out.push_back(*std::move(facts));
            break;
        }
    }
    if (!on_one_disk(home.root, home.models())) {
        if (auto facts = look_at(home.models())) {
            out.push_back(*std::move(facts));
        }
    }
    return out;
}

Findings judge_disks(const std::vector<DiskFacts>& disks) {
    Findings out;
    for (const DiskFacts& disk : disks) {
        const std::string place = " free at " + disk.path.string();
        const std::string amount =
            format_bytes(disk.free_bytes) + " of " + format_bytes(disk.total_bytes) + place;
        if (!disk.files_left) {
            out.push_back({Health::problem, group,
                           "the file system of " + disk.path.string() + " takes no more files",
                           "remove some"});
        } else if (disk.free_bytes < free_bytes_none) {
            out.push_back({Health::problem, group, "only " + amount, "make room"});
        } else if (disk.free_bytes < free_bytes_few) {
            out.push_back({Health::warning, group, "only " + amount,
                           "make room before you fetch another model"});
        } else {
            out.push_back({Health::ok, group, amount, {}});
        }
    }
    return out;
}

}  // namespace threadrunner::cli
