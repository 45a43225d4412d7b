#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace threadrunner {

/// The time of day, for people and for answers. It jumps: waits and deadlines use Clock.
using WallTime = std::chrono::system_clock::time_point;

[[nodiscard]] WallTime wall_now();

/// The time so many seconds after 1970 began.
[[nodiscard]] WallTime wall_time(std::int64_t seconds);

/// As RFC 3339 writes it, in UTC and with microseconds: 2026-11-21T20:41:25.000001Z.
[[nodiscard]] std::string rfc3339(WallTime time);

}  // namespace threadrunner
