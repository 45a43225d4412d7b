#pragma once

#include <memory>

#include "kinds/route_reply.h"
#include "worker/kind.h"

namespace threadrunner {

/// The dialogue of every kind that answers llama-server's routes; null for work::Load.
[[nodiscard]] std::unique_ptr<Exchange> route_exchange(const Job& job);

}  // namespace threadrunner
