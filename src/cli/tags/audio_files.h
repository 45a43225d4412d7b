#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// An audio file that is meant.
struct AudioFile {
    std::string shown;           ///< as its user would write it
    std::filesystem::path path;  ///< canonical
};

/// What the words of `threadrunner tags` mean.
struct AudioFiles {
    std::vector<AudioFile> files;
    std::vector<std::pair<std::string, std::string>> faults;  ///< words that mean none, and why
    std::vector<std::filesystem::path> folders;  ///< that hold them all, none within another
};

/// Files as they are, whatever they are called; of folders, those below them that are called as
/// audio files are, by name. Links to folders are not followed.
[[nodiscard]] AudioFiles find_audio_files(const std::vector<std::string>& words);

/// The member `dirs` of a call that is to reach these folders. invalid_request: too many.
[[nodiscard]] Result<wire::Json> folder_grants(const std::vector<std::filesystem::path>& folders,
                                               bool writable);

}  // namespace threadrunner::cli
