#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/settings.h"
#include "model/registry.h"
#include "wire/decode.h"

/// What programs are told of models: the results of the ops `models` and `show` in docs/socket.md.
/// They read the models' headers: keep them off the event loop.
namespace threadrunner {

/// Every model, each with what its header and models.toml say, or why it cannot be used.
[[nodiscard]] Result<wire::Json> models_document(const model::Registry& registry,
                                                 const Settings& settings);

/// Names and aliases, without a look into any file.
[[nodiscard]] Result<wire::Json> model_names_document(const model::Registry& registry);

/// All about one: a name, an alias, a path; empty: the default.
[[nodiscard]] Result<wire::Json> model_document(const model::Registry& registry,
                                                const Settings& settings, const std::string& model);

}  // namespace threadrunner
