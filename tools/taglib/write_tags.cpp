#include "taglib/write_tags.h"

#include <asffile.h>
#include <mp4file.h>
#include <mpegfile.h>
#include <xiphcomment.h>

#include <cerrno>
#include <expected>
#include <string>
#include <utility>

#include "taglib/audio_file.h"
#include "taglib/fields.h"
#include "taglib/pictures.h"
#include "taglib/rating.h"
#include "taglib/read_tags.h"
#include "taglib/replacement.h"

namespace threadrunner::taglib {
namespace {

using TagLib::PropertyMap;
using tools::Answer;
using tools::Json;
using Done = std::expected<void, std::string>;

constexpr int attempts_max = 3;  ///< while others change the file

/// What a request asks for.
struct Change {
    const Json* tags = nullptr;
    const Json* pictures = nullptr;
};

Totals totals_of(const Format& format) {
    return format.container == "FLAC" || format.container == "OGG" ? Totals::by_themselves
                                                                   : Totals::with_the_number;
}

/// WMA and MP4 keep some fields as one value or as numbers, and TagLib makes them fit.
Done nothing_was_bent(TagLib::File& file, const Format& format, const PropertyMap& wanted) {
    if (dynamic_cast<TagLib::ASF::File*>(&file) == nullptr &&
        dynamic_cast<TagLib::MP4::File*>(&file) == nullptr) {
        return {};
    }
    const PropertyMap got = file.properties();
    for (const auto& [key, values] : wanted) {
        if (got.value(key) != values) {
            return tools::refuse("Invalid value of \"" + text_of(key) +
                                 "\": " + std::string(format.name) + " holds " +
                                 (values.size() > 1 ? "one value of it" : "another kind there"));
        }
    }
    return {};
}

Done change_tags(Opened& audio, const Json& tags) {
    TagLib::File& file = *audio.file;
    PropertyMap properties = file.properties();
    if (auto changed = change_fields(properties, tags, totals_of(*audio.format)); !changed) {
        return changed;
    }
    if (const auto rating = tags.find(rating_field); rating != tags.end()) {
        if (auto changed = change_rating(file, properties, *rating); !changed) {
            return changed;
        }
    }
    const PropertyMap refused = file.setProperties(properties);
    for (const auto& [key, values] : refused) {
        if (!values.isEmpty()) {
            return tools::refuse(std::string(audio.format->name) + " has no field \"" +
                                 text_of(key) + "\"");
        }
    }
    return nothing_was_bent(file, *audio.format, properties);
}

/// Saves what was set and nothing else: TagLib's plain save() of an MP3 fills gaps of each of its
/// tags from the other, and takes a 0 for a gap.
bool save(TagLib::File& file) {
    using Mp3 = TagLib::MPEG::File;
    auto* mp3 = dynamic_cast<Mp3*>(&file);
    return mp3 == nullptr ? file.save()
                          : mp3->save(Mp3::AllTags, TagLib::File::StripOthers, TagLib::ID3v2::v4,
                                      TagLib::File::DoNotDuplicate);
}

/// Changes the copy in place.
Done change_copy(const std::string& copy, const std::string& path, const Change& change) {
    auto opened = open_audio_file(copy, CachedStream::Access::write, path);
    if (!opened) {
        return tools::refuse(std::move(opened).error());
    }
    if (change.tags != nullptr) {
        if (auto changed = change_tags(opened->audio, *change.tags); !changed) {
            return changed;
        }
    }
    if (change.pictures != nullptr) {
        if (auto changed = change_pictures(*opened->audio.file, *change.pictures); !changed) {
            return changed;
        }
    }
    const bool saved = save(*opened->audio.file);
    if (const int error = opened->stream->error(); error != 0) {
        return tools::refuse(file_message("Save failed:", path, error));
    }
    if (!saved) {
        return tools::refuse("Save failed: " + path);
    }
    return {};
}

Done write(const std::string& path, const Change& change) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto replacement = Replacement::begin(path);
        if (!replacement) {
            return tools::refuse(std::move(replacement).error());
        }
        if (auto changed = change_copy(replacement->copy(), path, change); !changed) {
            return changed;
        }
        switch (replacement->commit()) {
            case Replacement::Outcome::done:
                return {};
            case Replacement::Outcome::failed:
                return tools::refuse(file_message("Save failed:", path, errno));
            case Replacement::Outcome::overtaken:
                break;
        }
    }
    return tools::refuse("Save failed: another program changes " + path);
}

}  // namespace

Answer write_tags(const Json& request) {
    const auto path = path_in(request);
    if (!path) {
        return tools::refuse(path.error());
    }
    const auto tags = request.find("tags");
    const auto pictures = request.find("pictures");
    Change change;
    change.tags = tags != request.end() && tags->is_object() ? &*tags : nullptr;
    change.pictures = pictures != request.end() ? &*pictures : nullptr;
    if (change.tags == nullptr && (change.pictures == nullptr || tags != request.end())) {
        return tools::refuse("Missing tags");
    }
    // what is no audio is not copied first
    if (const auto looked = open_audio_file(*path, CachedStream::Access::read, *path); !looked) {
        return tools::refuse(looked.error());
    }
    const bool nothing = change.pictures == nullptr && change.tags->empty();
    if (const Done written = nothing ? Done() : write(*path, change); !written) {
        return tools::refuse(written.error());
    }
    return Json::object();
}

}  // namespace threadrunner::taglib
