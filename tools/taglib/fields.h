#pragma once

#include <tpropertymap.h>

#include <cstdint>
#include <expected>
#include <string>

#include "protocol/tool.h"

namespace threadrunner::taglib {

/// Where a format keeps how many tracks and discs there are.
enum class Totals : std::uint8_t {
    with_the_number,  ///< "3/12"
    by_themselves,    ///< TRACKTOTAL, DISCTOTAL, as Vorbis comments have it
};

/// Properties as the fields of `tags`: title, artist, album, albumArtist, composer, comment, genre,
/// date, bpm by these names; year, track, totalTracks, disc, totalDiscs as numbers; every other
/// property by its own, upper-case name. One value is a string, several an array.
[[nodiscard]] tools::Json fields_of(const TagLib::PropertyMap& properties);

/// The same way back: changes the properties by the fields that `tags` has and leaves the others.
/// null, an empty text and an empty array delete. An error names the field.
[[nodiscard]] std::expected<void, std::string> change_fields(TagLib::PropertyMap& properties,
                                                             const tools::Json& tags,
                                                             Totals totals);

/// Of one of TagLib's texts, in UTF-8, and the other way.
[[nodiscard]] std::string text_of(const TagLib::String& text);
[[nodiscard]] TagLib::String tag_text(const std::string& text);

/// The field that `rating.h` reads and writes, no property.
constexpr std::string_view rating_field = "rating";

}  // namespace threadrunner::taglib
