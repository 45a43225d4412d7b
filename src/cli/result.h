#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/decode.h"

namespace threadrunner::cli {

/// Members of a result, to be shown: what is absent or of another type shows as nothing, so that a
/// newer or older daemon's results still show what they have.

/// A text as it is, a number in digits, anything else empty.
[[nodiscard]] std::string text_in(const wire::Json& object, std::string_view name);
[[nodiscard]] std::uint64_t count_in(const wire::Json& object, std::string_view name);
[[nodiscard]] bool flag_in(const wire::Json& object, std::string_view name);
[[nodiscard]] bool has_in(const wire::Json& object, std::string_view name);
/// An object or a list, or an empty one. It refers into `object`.
[[nodiscard]] const wire::Json& object_in(const wire::Json& object, std::string_view name);
[[nodiscard]] const wire::Json& list_in(const wire::Json& object, std::string_view name);
/// Milliseconds as "4m 10s".
[[nodiscard]] std::string duration_in(const wire::Json& object, std::string_view name);

}  // namespace threadrunner::cli
