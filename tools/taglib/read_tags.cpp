#include "taglib/read_tags.h"

#include <utility>

#include "taglib/audio_file.h"
#include "taglib/audio_properties.h"
#include "taglib/fields.h"
#include "taglib/pictures.h"
#include "taglib/rating.h"

namespace threadrunner::taglib {

using tools::Answer;
using tools::Json;

std::expected<std::string, std::string> path_in(const Json& request) {
    const auto path = request.find("path");
    if (path == request.end() || !path->is_string() ||
        path->get_ref<const std::string&>().empty()) {
        return tools::refuse("Missing path");
    }
    const auto& text = path->get_ref<const std::string&>();
    if (text.contains('\0')) {
        return tools::refuse("Invalid path: it has a NUL");
    }
    return text;
}

Answer read_tags(const Json& request) {
    const auto path = path_in(request);
    if (!path) {
        return tools::refuse(path.error());
    }
    const auto opened = open_audio_file(*path, CachedStream::Access::read, *path);
    if (!opened) {
        return tools::refuse(opened.error());
    }
    TagLib::File& file = *opened->audio.file;
    const TagLib::PropertyMap properties = file.properties();
    Json tags = fields_of(properties);
    tags.erase("RATING");
    if (const auto rating = rating_of(file, properties)) {
        tags[rating_field] = *rating;
    }
    const bool with_data = request.value("pictures", Json()) == true;
    return Json{{"tags", std::move(tags)},
                {"pictures", pictures_of(file, with_data)},
                {"audio", audio_properties(opened->audio)}};
}

}  // namespace threadrunner::taglib
