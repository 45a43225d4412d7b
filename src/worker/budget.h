#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "job/job.h"

namespace threadrunner {

/// The memory that all workers together may take. Reserved when a worker starts, given back when
/// its process is gone; it counts promises, not use.
class Budget {
public:
    explicit Budget(std::uint64_t bytes) : bytes_(bytes) {}

    /// 80 % of this machine's memory, in bytes.
    [[nodiscard]] static std::uint64_t default_bytes();

    [[nodiscard]] bool fits(std::uint64_t bytes) const { return bytes <= bytes_ - reserved_; }
    [[nodiscard]] bool ever_fits(std::uint64_t bytes) const { return bytes <= bytes_; }

    /// Only what fits() may be reserved; one reservation a target.
    void reserve(const Target& target, std::uint64_t bytes);
    void release(const Target& target);

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t reserved() const { return reserved_; }
    [[nodiscard]] std::uint64_t reserved(const Target& target) const;

private:
    std::uint64_t bytes_;
    std::uint64_t reserved_ = 0;
    std::map<Target, std::uint64_t> by_target_;
};

}  // namespace threadrunner
