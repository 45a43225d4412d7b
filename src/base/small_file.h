#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace threadrunner {

/// The text of a small file, such as the kernel's under /proc and /sys, without the line break at
/// its end; at most a MiB of it, and none where it cannot be read.
[[nodiscard]] std::optional<std::string> read_small_file(const std::filesystem::path& file);

/// A file that holds a number; "max" is none.
[[nodiscard]] std::optional<std::uint64_t> read_number(const std::filesystem::path& file);

}  // namespace threadrunner
