#pragma once

#include <filesystem>
#include <string>

#include "wire/decode.h"

namespace threadrunner::cli {

/// The op `models` as a table for people; without models, how to get one into `folder`.
[[nodiscard]] std::string models_table(const wire::Json& result,
                                       const std::filesystem::path& folder);

/// Its names and aliases, a line each.
[[nodiscard]] std::string model_names(const wire::Json& result);

/// The op `show` for people.
[[nodiscard]] std::string model_text(const wire::Json& result);

/// What the op `remove` did, or, with dry_run, is about to do ("delete x.gguf (1.2 GiB)").
[[nodiscard]] std::string removal_text(const wire::Json& result, bool done);

}  // namespace threadrunner::cli
