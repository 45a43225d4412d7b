#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace threadrunner {

/// Bytes as text: RFC 4648, 4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// The bytes of such a text; the padding may be left out. Nothing where it is none: other letters,
/// blanks, a length that no bytes have, or bits beyond the last byte that are not 0.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace threadrunner
