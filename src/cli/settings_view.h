#pragma once

#include <string>

#include "wire/decode.h"

namespace threadrunner::cli {

/// Settings for people, from the documents of wire/settings_document.h and of the op `config`: a
/// line each, then what the file now says otherwise.
[[nodiscard]] std::string settings_table_text(const wire::Json& document);

/// What a reload did, from the document of the op `reload`.
[[nodiscard]] std::string reload_text(const wire::Json& document);

}  // namespace threadrunner::cli
