#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dummy/shapes.h"
#include "wire/decode.h"

/// What the shapes of several APIs have in common.
namespace threadrunner::dummy {

constexpr std::string_view model_name = "dummy";

/// A server-sent event, with a name or without.
[[nodiscard]] std::string sse(const wire::Json& data);
[[nodiscard]] std::string sse(std::string_view name, const wire::Json& data);

/// The event whose name is its data's `type`.
[[nodiscard]] std::string typed_sse(const wire::Json& data);

[[nodiscard]] std::int64_t tokens_generated(const Exchange& exchange);
/// Of all answers together.
[[nodiscard]] std::int64_t tokens_written(const Exchange& exchange);
[[nodiscard]] std::string text_of(std::span<const std::string> tokens);

/// What failed, as llama-server tells it within the document or the event that does.
[[nodiscard]] wire::Json failure(std::string_view message);

/// The answer's text that is reasoning, and what comes after it.
[[nodiscard]] std::string thought_of(const Exchange& exchange);
[[nodiscard]] std::string spoken_of(const Exchange& exchange);

}  // namespace threadrunner::dummy
