#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace threadrunner::cli {

/// Bytes a second, of the fastest pass, counted as STREAM counts: bytes that the loop reads and
/// those that it writes. Lines that a processor fetches only to overwrite them are not counted.
struct Bandwidth {
    double read = 0;   ///< s += a, b, c: what decoding does with weights
    double copy = 0;   ///< c = a
    double triad = 0;  ///< a = b + 3 c
};

struct BandwidthPlan {
    std::size_t threads = 1;
    std::size_t array_bytes = 0;         ///< of each of the three arrays
    std::chrono::milliseconds each_for;  ///< passes of a loop are repeated for so long
};

/// How large an array should be where so much memory is available: large beside caches, small
/// beside what is free.
[[nodiscard]] std::size_t bandwidth_array_bytes(std::uint64_t available_bytes);

/// Measures the memory of this machine; blocks for three times `each_for` and somewhat longer. Each
/// thread has a part of the arrays that it alone touches. What was read and written is checked
/// afterwards, so that no loop can have been left out: `internal` if it is wrong. `out_of_memory`
/// when the arrays cannot be had.
[[nodiscard]] Result<Bandwidth> measure_bandwidth(const BandwidthPlan& plan);

}  // namespace threadrunner::cli
