#pragma once

#include <span>
#include <string>

#include "base/error.h"

struct common_params;  // NOLINT(readability-identifier-naming): of llama.cpp

namespace threadrunner::engine {

/// Applies options as llama-server's command line has them (`--flash-attn on`, `-ctk q8_0`), read
/// by llama.cpp's own table of options; neither its environment variables nor its configuration
/// files are looked at, and nothing here ends the process. Allowed are those that shape computing,
/// sampling and templates. All others are refused by name: what names files, addresses or keys, and
/// what the load's own settings say. invalid_request; `params` then has no meaning.
[[nodiscard]] Result<void> apply_engine_args(std::span<const std::string> args,
                                             common_params& params);

}  // namespace threadrunner::engine
