#pragma once

#include <expected>
#include <memory>
#include <string>

#include "taglib/cached_stream.h"
#include "taglib/format.h"

namespace threadrunner::taglib {

/// An open audio file: its stream, its format, and TagLib's view of it.
struct AudioFile {
    std::unique_ptr<CachedStream> stream;  ///< outlives what TagLib opened on it
    Opened audio;
};

/// Opens a file for reading, or in place for writing. Only regular files: a FIFO would hold us for
/// ever. An error says what is wrong with `path`; `shown` is the file to name in it.
[[nodiscard]] std::expected<AudioFile, std::string> open_audio_file(const std::string& path,
                                                                    CachedStream::Access access,
                                                                    const std::string& shown);

/// "Cannot read /music/a.mp3: No such file or directory". `error_number` is errno.
[[nodiscard]] std::string file_message(std::string_view action, const std::string& path,
                                       int error_number);

}  // namespace threadrunner::taglib
