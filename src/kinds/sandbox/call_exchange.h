#pragma once

#include <memory>

#include "worker/kind.h"

namespace threadrunner {

/// The dialogue for one call of a tool: work::Call in, one event::Output out.
[[nodiscard]] std::unique_ptr<Exchange> call_exchange(const Job& job);

}  // namespace threadrunner
