#pragma once

#include <optional>
#include <string>

#include "cli/failure.h"
#include "cli/invocation.h"

namespace threadrunner::cli {

/// Reads the files of --schema and --grammar into the request, before anything runs: a file that
/// cannot be read, or holds no schema, is a failure of usage. `input` is what stdin held; where a
/// file is `-` it is that, and `input` is empty afterwards.
[[nodiscard]] std::expected<void, Failure> add_answer_shape(wire::Json& request,
                                                            const Options& options,
                                                            std::optional<std::string>& input);

/// Whether one of them is to be read from stdin, so that the prompt cannot be.
[[nodiscard]] bool shape_takes_input(const Options& options);

}  // namespace threadrunner::cli
