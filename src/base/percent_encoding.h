#pragma once

#include <string>
#include <string_view>

namespace threadrunner {

/// A path as it stands in a URL: bytes that may not be there percent-encoded, slashes kept.
/// RFC 3986, 2.3 and 3.3.
[[nodiscard]] std::string percent_encoded(std::string_view path);

/// Bytes for their percent-encoding (RFC 3986, 2.1); what is none stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace threadrunner
