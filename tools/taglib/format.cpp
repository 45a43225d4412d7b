#include "taglib/format.h"

#include <aifffile.h>
#include <apefile.h>
#include <asffile.h>
#include <audioproperties.h>
#include <flacfile.h>
#include <mp4file.h>
#include <mpegfile.h>
#include <oggflacfile.h>
#include <opusfile.h>
#include <vorbisfile.h>
#include <wavfile.h>
#include <wavpackfile.h>

#include <array>
#include <string>

#include "base/text.h"

namespace threadrunner::taglib {
namespace {

template <class File>
bool holds(TagLib::IOStream* stream) {
    return File::isSupported(stream);
}

template <class File>
std::unique_ptr<TagLib::File> open(TagLib::IOStream* stream) {
    return std::make_unique<File>(stream);
}

template <class File>
constexpr Format format(std::string_view name, std::string_view codec, std::string_view container,
                        std::string_view endings, bool lossless) {
    return {name, codec, container, endings, lossless, holds<File>, open<File>};
}

// MP3 last: its frames are easily mistaken
constexpr std::array formats = {
    format<TagLib::FLAC::File>("FLAC", "FLAC", "FLAC", " flac ", true),
    format<TagLib::Ogg::Vorbis::File>("Ogg Vorbis", "Vorbis", "OGG", " ogg oga ", false),
    format<TagLib::Ogg::Opus::File>("Opus", "Opus", "OGG", " opus ", false),
    format<TagLib::Ogg::FLAC::File>("Ogg FLAC", "FLAC", "OGG", " oga ", true),
    format<TagLib::MP4::File>("MP4", "AAC", "MP4", " m4a m4b m4p m4r mp4 m4v 3g2 ", false),
    format<TagLib::ASF::File>("WMA", "WMA", "ASF", " wma asf ", false),
    format<TagLib::RIFF::WAV::File>("WAV", "PCM", "WAV", " wav ", true),
    format<TagLib::RIFF::AIFF::File>("AIFF", "PCM", "AIFF", " aif aiff aifc afc ", true),
    format<TagLib::WavPack::File>("WavPack", "WavPack", "WavPack", " wv ", true),
    format<TagLib::APE::File>("APE", "APE", "APE", " ape ", true),
    format<TagLib::MPEG::File>("MP3", "MP3", "MP3", " mp3 mp2 aac ", false),
};

bool ends_like(std::string_view name, const Format& format) {
    const std::size_t dot = name.rfind('.');
    if (dot == name.npos) {
        return false;
    }
    const std::string ending = " " + small_letters(name.substr(dot + 1)) + " ";
    return format.endings.contains(ending);
}

Opened open_as(const Format& format, TagLib::IOStream& stream) {
    stream.seek(0);
    std::unique_ptr<TagLib::File> file = format.open(&stream);
    const TagLib::AudioProperties* audio = file->isValid() ? file->audioProperties() : nullptr;
    if (audio == nullptr || audio->sampleRate() <= 0) {
        return {};
    }
    return {&format, std::move(file)};
}

}  // namespace

Opened open_audio(TagLib::IOStream& stream) {
    const std::string_view name = stream.name();
    for (const bool by_name : {true, false}) {
        for (const Format& each : formats) {
            if (ends_like(name, each) != by_name || !each.holds(&stream)) {
                continue;
            }
            if (Opened opened = open_as(each, stream); opened.format != nullptr) {
                return opened;
            }
        }
    }
    const Format& mp3 = formats.back();
    return ends_like(name, mp3) ? open_as(mp3, stream) : Opened{};
}

}  // namespace threadrunner::taglib
