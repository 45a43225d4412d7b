#include "base/control_group.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include "base/small_file.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;

const fs::path root = "/sys/fs/cgroup";
/// Version 1 says "no limit" with a number near the largest.
constexpr std::uint64_t no_limit_from = std::uint64_t{1} << 60;

template <class Number>
void lower(std::optional<Number>& limit, std::optional<Number> other) {
    if (other && (!limit || *other < *limit)) {
        limit = other;
    }
}

/// "200000 100000", or "max 100000": microseconds of computing in each period.
std::optional<double> cores_of(const std::string& text) {
    std::istringstream stream(text);
    double quota = 0;
    double period = 0;
    return stream >> quota >> period && quota > 0 && period > 0 ? std::optional(quota / period)
                                                                : std::nullopt;
}

std::optional<std::uint64_t> memory_of(const fs::path& file) {
    const auto bytes = read_number(file);
    return bytes && *bytes < no_limit_from ? bytes : std::nullopt;
}

/// The path of our group: the line "0::/user.slice/…".
fs::path own_group() {
    std::istringstream lines(read_small_file("/proc/self/cgroup").value_or(""));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("0::/")) {
            return line.substr(4);
        }
    }
    return {};
}

}  // namespace

ControlGroupLimits control_group_limits() {
    ControlGroupLimits out;
    // each group on the way up has a say; inside a container the path may not exist
    for (fs::path group = own_group();; group = group.parent_path()) {
        lower(out.memory_bytes, memory_of(root / group / "memory.max"));
        lower(out.cores, cores_of(read_small_file(root / group / "cpu.max").value_or("")));
        if (group.empty()) {
            break;
        }
    }
    lower(out.memory_bytes, memory_of(root / "memory/memory.limit_in_bytes"));
    const auto quota = read_small_file(root / "cpu/cpu.cfs_quota_us");
    const auto period = read_small_file(root / "cpu/cpu.cfs_period_us");
    if (quota && period) {
        lower(out.cores, cores_of(*quota + " " + *period));
    }
    return out;
}

}  // namespace threadrunner
