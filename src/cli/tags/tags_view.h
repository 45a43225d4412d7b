#pragma once

#include <string>
#include <utility>
#include <vector>

#include "wire/decode.h"

namespace threadrunner::cli {

/// A file and the tool's answer: `tags`, `audio`, `pictures`.
using FileTags = std::pair<std::string, wire::Json>;

/// One file: a field a line. Several: a line each, with the fields that people look for.
[[nodiscard]] std::string tags_table(const std::vector<FileTags>& files);

/// A value of a field as text: several values with "; " between.
[[nodiscard]] std::string field_text(const wire::Json& value);

/// The changes that FIELD=VALUE words ask for: a field that comes again gets several values, one
/// without a value is deleted (null). A number where the field is one (year, track, disc …).
[[nodiscard]] wire::Json tag_changes(const std::vector<std::string>& assignments);

}  // namespace threadrunner::cli
