#pragma once

#include <string_view>

/// How a terminal with colours is told to show text (ECMA-48, SGR).
namespace threadrunner::cli {

inline constexpr std::string_view dim = "\x1b[2m";
inline constexpr std::string_view plain = "\x1b[0m";

}  // namespace threadrunner::cli
