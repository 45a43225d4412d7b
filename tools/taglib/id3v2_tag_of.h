#pragma once

#include <aifffile.h>
#include <id3v2tag.h>
#include <mpegfile.h>
#include <tfile.h>
#include <wavfile.h>

namespace threadrunner::taglib {

/// The ID3v2 tag of the formats that have one, made if it is not there; else nullptr.
[[nodiscard]] inline TagLib::ID3v2::Tag* id3v2_tag_of(TagLib::File& file) {
    if (auto* mp3 = dynamic_cast<TagLib::MPEG::File*>(&file)) {
        return mp3->ID3v2Tag(true);
    }
    if (auto* wav = dynamic_cast<TagLib::RIFF::WAV::File*>(&file)) {
        return wav->ID3v2Tag();
    }
    if (auto* aiff = dynamic_cast<TagLib::RIFF::AIFF::File*>(&file)) {
        return aiff->tag();
    }
    return nullptr;
}

}  // namespace threadrunner::taglib
