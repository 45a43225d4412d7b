#include "worker/budget.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "base/control_group.h"

namespace threadrunner {
std::uint64_t bytes_of(const DeviceBytes& bytes, std::string_view device) {
    const auto found = bytes.find(device);
    return found == bytes.end() ? 0 : found->second;
}

std::uint64_t total_bytes(const DeviceBytes& bytes) {
    return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

void add(DeviceBytes& sum, const DeviceBytes& more) {
    for (const auto& [device, bytes] : more) {
        sum[device] += bytes;
    }
}

Budget::Budget(std::uint64_t host_bytes) { set_limit(std::string(host_device), host_bytes); }

std::uint64_t Budget::default_bytes() {
    struct sysinfo info{};
    if (::sysinfo(&info) != 0) {
        return 0;
    }
    const std::uint64_t machine = static_cast<std::uint64_t>(info.totalram) * info.mem_unit;
    return std::min(machine, control_group_limits().memory_bytes.value_or(machine)) / 10 * 8;
}

void Budget::set_limit(const std::string& device, std::uint64_t bytes) { limits_[device] = bytes; }

bool Budget::fits(const DeviceBytes& need, const DeviceBytes& coming) const {
    return std::ranges::all_of(need, [&](const auto& entry) {
        const auto& [device, bytes] = entry;
        const std::uint64_t limit = bytes_of(limits_, device);
        const std::uint64_t staying = bytes_of(reserved_, device) - bytes_of(coming, device);
        return bytes == 0 || (staying <= limit && bytes <= limit - staying);
    });
}

std::optional<std::string> Budget::never_fits(const DeviceBytes& need) const {
    for (const auto& [device, bytes] : need) {
        if (bytes > bytes_of(limits_, device)) {
            return device;
        }
    }
    return std::nullopt;
}

void Budget::reserve(const Target& target, DeviceBytes bytes) {
    assert(fits(bytes) && !by_target_.contains(target));
    add(reserved_, bytes);
    by_target_.emplace(target, std::move(bytes));
}

void Budget::release(const Target& target) {
    if (const auto found = by_target_.find(target); found != by_target_.end()) {
        for (const auto& [device, bytes] : found->second) {
            reserved_[device] -= bytes;
        }
        by_target_.erase(found);
    }
}

const DeviceBytes& Budget::reserved(const Target& target) const {
    static const DeviceBytes nothing;
    const auto found = by_target_.find(target);
    return found == by_target_.end() ? nothing : found->second;
}

}  // namespace threadrunner
