#pragma once

#include <span>
#include <string>
#include <string_view>

namespace threadrunner {

/// Bytes in small hexadecimal digits, two for each.
[[nodiscard]] std::string hex(std::span<const unsigned char> bytes);
[[nodiscard]] std::string hex(unsigned char byte);

/// Whether all of a text is hexadecimal digits, small or not.
[[nodiscard]] bool is_hex(std::string_view text);

}  // namespace threadrunner
