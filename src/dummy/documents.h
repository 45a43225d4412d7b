#pragma once

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner::dummy {

/// The answers of the routes that generate nothing, as llama-server shapes them. A token here is a
/// byte and its id the byte's value: the only scheme that is exact both ways without a vocabulary.

/// POST /tokenize: `content` to `tokens`; `with_pieces` gives each its text.
[[nodiscard]] Result<wire::Json> tokenize(const wire::Json& body);

/// POST /detokenize: `tokens` to `content`.
[[nodiscard]] Result<wire::Json> detokenize(const wire::Json& body);

/// POST /apply-template: `messages` to `prompt`, a line each, which is no model's template.
[[nodiscard]] Result<wire::Json> apply_template(const wire::Json& body);

/// POST /v1/messages/count_tokens: the words of the messages, which are a generation's tokens.
[[nodiscard]] Result<wire::Json> count_tokens(const wire::Json& body);

/// POST /v1/rerank: each of `documents` with the part of the words of `query` that it has.
[[nodiscard]] Result<wire::Json> rerank(const wire::Json& body);

/// POST /v1/embeddings: for each text of `input` a vector of length 1 that depends on its bytes
/// alone.
[[nodiscard]] Result<wire::Json> embed(const wire::Json& body);

}  // namespace threadrunner::dummy
