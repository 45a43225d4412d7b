#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner {

/// Reads a duration as people write it: `300` (seconds), `250ms`, `5m`, `2h`, `1d`; -1 means for
/// ever (milliseconds::max()). Anything else is invalid_request and names `what`.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                               std::string_view what);

/// "1.4 GiB", "820 MiB", "12 bytes": for messages and tables.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// "4m 10s", "12s", "850ms": for messages and tables, two units at most.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

/// The text without the blanks at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text, std::string_view blanks);

/// Takes the first entry of a list off its front, and the separator behind it. The last entry has
/// none; an empty list has no entries.
[[nodiscard]] std::string_view take_entry(std::string_view& list, std::string_view separators);

/// The text with the letters A to Z made small.
[[nodiscard]] std::string small_letters(std::string_view text);

/// host:port, with an IPv6 address in brackets. RFC 3986, 3.2.
[[nodiscard]] std::string authority_text(std::string_view host, std::uint16_t port);

/// The length of the longest prefix that is whole, valid UTF-8 (RFC 3629). Shorter than the text
/// where it is cut inside a character or invalid; see `utf8_repair` for the difference.
[[nodiscard]] std::size_t utf8_valid_prefix(std::string_view text);

/// The text with every invalid byte replaced by U+FFFD, so that it can be put into JSON.
[[nodiscard]] std::string utf8_repair(std::string_view text);

/// Splits arbitrary chunks into valid UTF-8: bytes of a character that is not whole yet wait for
/// the rest; bytes that can never become one turn into U+FFFD.
class Utf8Stream {
public:
    /// The text that is certain now, possibly empty.
    [[nodiscard]] std::string push(std::string_view chunk);
    /// What still waits, repaired. The stream is empty afterwards.
    [[nodiscard]] std::string finish();

private:
    std::string pending_;
};

}  // namespace threadrunner
