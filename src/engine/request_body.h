#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace threadrunner::engine {

/// What the engine puts into a request's body before the model sees it.
struct BodyPlan {
    std::optional<std::int32_t> slot;
    /// How many answers to a prompt were leased slots.
    std::int64_t answers = 1;
    /// Tokens that a slot holds. Samplers that look further back get no more: they set memory aside
    /// for each token that a client names. Nothing: as far as it says.
    std::optional<std::int64_t> context = std::nullopt;
    /// The member that holds a client's stop texts; empty where the route has none.
    std::string_view stop_member;
    /// Put there unless the client gave its own.
    std::vector<std::string> stops;
};

/// Checks that the body is a JSON object within the limits and adds what the plan says. The
/// client's text stays as it is, for the order of members means something in a JSON schema.
/// Refused, with invalid_request: more answers to a prompt than the plan has, for they would take
/// slots of others.
[[nodiscard]] Result<std::string> prepare_body(std::string_view body, const BodyPlan& plan);

}  // namespace threadrunner::engine
