#pragma once

#include "job/offer.h"
#include "wire/fields.h"

namespace threadrunner {

/// Takes the tools of ours out of a request's `tools`, which has its client's own besides:
/// {"type": "threadrunner", "name", "dirs" (see directories.h), "writes": "deny" (the default),
/// "ask" or "allow"}, and reads `max_rounds`. What is left is in `tools`, null if that is nothing.
/// Faults are the fields'.
[[nodiscard]] Offers take_offers(wire::Fields& fields, wire::Json& tools);

/// Whether a request's `tools` have one of ours.
[[nodiscard]] bool has_offers(const wire::Json& tools);

}  // namespace threadrunner
