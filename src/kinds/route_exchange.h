#pragma once

#include <memory>

#include "kinds/route_reply.h"
#include "worker/kind.h"

namespace threadrunner {

/// The dialogue for a work with every kind that answers llama-server's routes; null for work::Load.
[[nodiscard]] std::unique_ptr<Exchange> route_exchange(Work work);

}  // namespace threadrunner
