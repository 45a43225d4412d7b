#pragma once

#include "wire/decode.h"

namespace threadrunner::engine {

/// What this build of llama.cpp computes with on this machine: our version and llama.cpp's, the
/// instruction sets that it was compiled for ("cpu"), and its devices with their memory. May take a
/// second where there are graphics processors.
[[nodiscard]] wire::Json describe_devices();

}  // namespace threadrunner::engine
