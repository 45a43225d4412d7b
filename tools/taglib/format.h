#pragma once

#include <tfile.h>
#include <tiostream.h>

#include <memory>
#include <string_view>

namespace threadrunner::taglib {

/// A sort of audio file that the tool reads and writes.
struct Format {
    std::string_view name;       ///< in messages
    std::string_view codec;      ///< what the audio is coded with, unless the file says more
    std::string_view container;  ///< what lies around it
    std::string_view endings;    ///< of file names, each between blanks
    bool lossless;
    bool (*holds)(TagLib::IOStream* stream);
    std::unique_ptr<TagLib::File> (*open)(TagLib::IOStream* stream);
};

/// A stream as the audio file that it holds.
struct Opened {
    const Format* format = nullptr;  ///< none: no format that we know
    std::unique_ptr<TagLib::File> file;
};

/// Goes by what the stream holds; the ending of its name only decides who is asked first, and
/// stands up for an MP3 that begins with something else. A file without a sample rate is no audio.
/// The stream has to outlive what is returned.
[[nodiscard]] Opened open_audio(TagLib::IOStream& stream);

}  // namespace threadrunner::taglib
