#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace threadrunner::gguf {

/// How many of a file's first bytes describe_start() can use.
constexpr std::size_t recognised_bytes = 512;

/// What a file that is no GGUF begins with, and what to do about it: people hand over web pages,
/// archives and other programs' weights, and "bad magic" helps none of them.
[[nodiscard]] std::string describe_start(std::string_view first_bytes);

}  // namespace threadrunner::gguf
