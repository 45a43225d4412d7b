#pragma once

#include <filesystem>

#include "base/error.h"

namespace threadrunner::engine {

/// Loads what ggml computes with, where this build has it in libraries of their own (in a package,
/// one for each generation of processors): from `folder` alone, so that no library of the current
/// directory is run. Does nothing where the program has it inside. model_load_failed: there is
/// nothing in the folder that this processor can run. Call it before anything else of llama.cpp.
[[nodiscard]] Result<void> load_backends(const std::filesystem::path& folder);

}  // namespace threadrunner::engine
