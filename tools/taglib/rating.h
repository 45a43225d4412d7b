#pragma once

#include <tfile.h>
#include <tpropertymap.h>

#include <expected>
#include <optional>
#include <string>

#include "protocol/tool.h"

namespace threadrunner::taglib {

/// How much somebody likes it, from 0 to 1; none if nobody said. ID3v2 keeps it in a POPM frame
/// (1 to 255; 0 is "unknown" there), WMA in WM/SharedUserRating (0 to 99), the others in the
/// property RATING: 0 to 100, or a fraction. Whole numbers up to 5 are taken for stars.
[[nodiscard]] std::optional<double> rating_of(TagLib::File& file,
                                              const TagLib::PropertyMap& properties);

/// Sets or (null, an empty text) deletes it: in `properties`, where it is one, else in the file's
/// tag.
[[nodiscard]] std::expected<void, std::string> change_rating(TagLib::File& file,
                                                             TagLib::PropertyMap& properties,
                                                             const tools::Json& value);

}  // namespace threadrunner::taglib
