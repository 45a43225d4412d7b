#include "taglib/audio_properties.h"

#include <aiffproperties.h>
#include <apeproperties.h>
#include <asfproperties.h>
#include <flacproperties.h>
#include <mp4properties.h>
#include <mpegproperties.h>
#include <wavpackproperties.h>
#include <wavproperties.h>

#include <string>

namespace threadrunner::taglib {
namespace {

using tools::Json;

/// What only some formats say of themselves.
struct Details {
    std::string codec;
    bool lossless = false;
    int bits_per_sample = 0;  ///< 0: the format has none
};

std::string wma_codec(TagLib::ASF::Properties::Codec codec) {
    using Asf = TagLib::ASF::Properties;
    switch (codec) {
        case Asf::WMA1:
            return "WMA 1";
        case Asf::WMA2:
            return "WMA 2";
        case Asf::WMA9Pro:
            return "WMA Pro";
        case Asf::WMA9Lossless:
            return "WMA Lossless";
        case Asf::Unknown:
            break;
    }
    return "WMA";
}

template <class Properties>
bool bits_of(const TagLib::AudioProperties* audio, Details& details) {
    const auto* properties = dynamic_cast<const Properties*>(audio);
    if (properties != nullptr) {
        details.bits_per_sample = properties->bitsPerSample();
    }
    return properties != nullptr;
}

Details details_of(const TagLib::AudioProperties* audio, const Format& format) {
    Details details{std::string(format.codec), format.lossless, 0};
    if (const auto* mp4 = dynamic_cast<const TagLib::MP4::Properties*>(audio)) {
        details.lossless = mp4->codec() == TagLib::MP4::Properties::ALAC;
        details.codec = details.lossless ? "ALAC" : "AAC";
        details.bits_per_sample = mp4->bitsPerSample();
    } else if (const auto* wma = dynamic_cast<const TagLib::ASF::Properties*>(audio)) {
        details.codec = wma_codec(wma->codec());
        details.lossless = wma->codec() == TagLib::ASF::Properties::WMA9Lossless;
        details.bits_per_sample = wma->bitsPerSample();
    } else if (const auto* pack = dynamic_cast<const TagLib::WavPack::Properties*>(audio)) {
        details.lossless = pack->isLossless();
        details.bits_per_sample = pack->bitsPerSample();
    } else if (const auto* mpeg = dynamic_cast<const TagLib::MPEG::Properties*>(audio)) {
        if (mpeg->isADTS()) {
            details.codec = "AAC";
        } else if (mpeg->layer() != 3) {
            details.codec = mpeg->layer() == 2 ? "MP2" : "MP1";
        }
    } else {
        (void)(bits_of<TagLib::FLAC::Properties>(audio, details) ||
               bits_of<TagLib::RIFF::WAV::Properties>(audio, details) ||
               bits_of<TagLib::RIFF::AIFF::Properties>(audio, details) ||
               bits_of<TagLib::APE::Properties>(audio, details));
    }
    return details;
}

}  // namespace

Json audio_properties(const Opened& opened) {
    const TagLib::AudioProperties* audio = opened.file->audioProperties();
    const Details details = details_of(audio, *opened.format);
    Json said = {{"bitrate", audio->bitrate()},   {"sampleRate", audio->sampleRate()},
                 {"channels", audio->channels()}, {"lengthMs", audio->lengthInMilliseconds()},
                 {"codec", details.codec},        {"container", opened.format->container},
                 {"lossless", details.lossless}};
    if (details.bits_per_sample > 0) {
        said["bitsPerSample"] = details.bits_per_sample;
    }
    return said;
}

}  // namespace threadrunner::taglib
