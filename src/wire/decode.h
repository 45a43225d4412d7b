#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"

namespace threadrunner::wire {

using Json = nlohmann::json;

/// Bounds on an outside document; see base/limits.h for why each.
struct DecodeLimits {
    std::size_t depth_max = limits::decode_depth_max;
    std::size_t values_max = limits::decode_values_max;
    std::size_t bytes_max = limits::worker_frame_bytes_max;
};

/// The only parsers of JSON and MessagePack from outside: nlohmann's own recurse as deep as the
/// document tells them to and die of it. Both refuse nesting, counts and sizes over the limits,
/// trailing bytes and text that is not UTF-8, always as invalid_request (too_large for the size).
/// What they return can be written with encode_json() and encode_msgpack() without an exception.
[[nodiscard]] Result<Json> decode_json(std::string_view text, const DecodeLimits& limits = {});
[[nodiscard]] Result<Json> decode_msgpack(std::string_view bytes, const DecodeLimits& limits = {});

/// Compact JSON. Text of ours that is not UTF-8 (a file name, say) is repaired, never thrown at.
[[nodiscard]] std::string encode_json(const Json& value);
[[nodiscard]] std::string encode_msgpack(const Json& value);

}  // namespace threadrunner::wire
