#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/invocation.h"
#include "cli/progress.h"

namespace threadrunner::cli {

using Environment = std::function<std::optional<std::string>(const char*)>;

/// The model as the daemon, which works in another directory, understands it: a file becomes an
/// absolute path, everything else is a name and stays.
[[nodiscard]] std::string resolve_model(const std::string& given);

/// The model to ask for: --model, else THREADRUNNER_MODEL_PATH, else none: the daemon's default.
[[nodiscard]] std::optional<std::string> chosen_model(const Options& options,
                                                      const Environment& environment);

/// A request of socket v2 with the members that every op shares and those that options set.
[[nodiscard]] wire::Json make_request(std::string_view op, const Options& options);

/// The same with the model and backend that the options or the environment choose.
[[nodiscard]] wire::Json make_model_request(std::string_view op, const Options& options,
                                            const Environment& environment);

/// Tells the daemon how much of the time until the deadline is left, at least one millisecond.
void set_deadline(wire::Json& request, Clock::time_point until, Clock::time_point now);

/// The prompt: the words joined by blanks, then after a blank line what stdin held, without the
/// line breaks at its end. Either may be missing; empty when both are.
[[nodiscard]] std::string compose_prompt(const std::vector<std::string>& words,
                                         const std::optional<std::string>& input);

}  // namespace threadrunner::cli
