#pragma once

#include <string>
#include <string_view>

#include "wire/decode.h"

/// For documents of which only some members matter and nothing is refused; else see Fields.
namespace threadrunner::wire {

/// An object's member; null where it has none of that name, or is no object.
[[nodiscard]] const Json& member(const Json& object, std::string_view name);

/// The same as text; empty where it is none.
[[nodiscard]] std::string text_at(const Json& object, std::string_view name);

}  // namespace threadrunner::wire
