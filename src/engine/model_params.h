#pragma once

#include "base/error.h"
#include "common.h"
#include "engine/settings.h"
#include "gguf/facts.h"

namespace threadrunner::engine {

/// Whose chat template a model uses.
enum class TemplateOrigin : std::uint8_t { model, scaffold, given };

/// The origin's name on the wire.
[[nodiscard]] std::string_view template_origin_name(TemplateOrigin origin);

[[nodiscard]] TemplateOrigin template_origin(const LoadSettings& settings,
                                             const gguf::ModelFacts& facts);

/// llama.cpp's parameters for a load: our profile for texts or for embeddings, then the load's
/// engine_args. invalid_request for arguments or a template that llama.cpp does not take, and for
/// an encoder that is to write.
[[nodiscard]] Result<common_params> make_params(const LoadSettings& settings,
                                                const gguf::ModelFacts& facts);

}  // namespace threadrunner::engine
