#pragma once

#include "base/wall_time.h"
#include "wire/decode.h"

/// What Ollama's clients are told of models, made of the documents of door/control.h.
namespace threadrunner::http {

/// /api/tags: a model a name, an alias as another name. Models that cannot be loaded are left out:
/// there is no way to say so.
[[nodiscard]] wire::Json ollama_tags(const wire::Json& models);

/// /api/show.
[[nodiscard]] wire::Json ollama_show(const wire::Json& model);

/// /api/ps: the models that are loaded.
[[nodiscard]] wire::Json ollama_ps(const wire::Json& ps, const wire::Json& models, WallTime now);

}  // namespace threadrunner::http
