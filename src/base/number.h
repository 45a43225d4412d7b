#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace threadrunner {

/// The number that the whole text is, in decimal and in no locale's way; none where something else
/// stands in it, before it or after it, or it does not fit.
template <class Number>
[[nodiscard]] std::optional<Number> number_from(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

}  // namespace threadrunner
