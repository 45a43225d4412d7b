#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "job/job.h"

namespace threadrunner {

/// The device that every machine has: its main memory. Others are called as the engine calls them
/// ("CUDA0").
inline constexpr std::string_view host_device = "host";

/// Bytes by device.
using DeviceBytes = std::map<std::string, std::uint64_t, std::less<>>;

/// The memory that all workers together may take, device by device. Reserved when a worker starts,
/// given back when its process is gone; it counts promises, not use.
class Budget {
public:
    explicit Budget(std::uint64_t host_bytes);

    /// 80 % of the memory that this process may use: the machine's, or its control group's.
    [[nodiscard]] static std::uint64_t default_bytes();

    /// How much of a device may be promised; 0 until this is called. Promises are kept.
    void set_limit(const std::string& device, std::uint64_t bytes);

    /// Whether all of it is free, once `coming` has been given back.
    [[nodiscard]] bool fits(const DeviceBytes& need, const DeviceBytes& coming = {}) const;
    /// A device whose whole memory would not be enough.
    [[nodiscard]] std::optional<std::string> never_fits(const DeviceBytes& need) const;

    /// Only what fits() may be reserved; one reservation a target.
    void reserve(const Target& target, DeviceBytes bytes);
    void release(const Target& target);

    [[nodiscard]] const DeviceBytes& limits() const { return limits_; }
    [[nodiscard]] const DeviceBytes& reserved() const { return reserved_; }
    /// What a target has of every device; nothing: no reservation.
    [[nodiscard]] const DeviceBytes& reserved(const Target& target) const;

private:
    DeviceBytes limits_;
    DeviceBytes reserved_;
    std::map<Target, DeviceBytes> by_target_;
};

/// What it says of a device; 0 if nothing.
[[nodiscard]] std::uint64_t bytes_of(const DeviceBytes& bytes, std::string_view device);
[[nodiscard]] std::uint64_t total_bytes(const DeviceBytes& bytes);
/// Adds device by device. Sums are of what was promised or is in a file, checked before.
void add(DeviceBytes& sum, const DeviceBytes& more);

}  // namespace threadrunner
