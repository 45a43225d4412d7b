#pragma once

#include <tfile.h>

#include <expected>
#include <string>

#include "protocol/tool.h"

namespace threadrunner::taglib {

/// The pictures in a file: type (of ID3v2's 21, such as "Front Cover"), mimeType, description,
/// bytes (how many), and `data` if it is wanted.
[[nodiscard]] tools::Json pictures_of(const TagLib::File& file, bool with_data);

/// Puts these in the place of all pictures that the file has: an array, or null for none. `data` is
/// binary or base64; the MIME type is seen in it where it is not said.
[[nodiscard]] std::expected<void, std::string> change_pictures(TagLib::File& file,
                                                               const tools::Json& pictures);

/// The names of the 21 types, for the schema.
[[nodiscard]] tools::Json picture_types();

}  // namespace threadrunner::taglib
