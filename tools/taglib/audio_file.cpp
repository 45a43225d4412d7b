#include "taglib/audio_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"

namespace threadrunner::taglib {

std::string file_message(std::string_view action, const std::string& path, int error_number) {
    return system_message(std::string(action) + " " + path, error_number);
}

std::expected<AudioFile, std::string> open_audio_file(const std::string& path,
                                                      CachedStream::Access access,
                                                      const std::string& shown) {
    // opening a FIFO waits for its other end, so what it is has to be known before
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return std::unexpected(file_message("Cannot read", shown, errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return std::unexpected("Not a regular file: " + shown);
    }
    const bool writes = access == CachedStream::Access::write;
    UniqueFd file(::open(path.c_str(), writes ? O_RDWR : O_RDONLY));
    // Wasmtime goes twice to the system for fstat(), and this is all that is wanted of it
    const off_t size = file ? ::lseek(file.get(), 0, SEEK_END) : -1;
    if (size < 0) {
        return std::unexpected(file_message(writes ? "Cannot write" : "Cannot read", shown, errno));
    }
    AudioFile opened;
    // TagLib takes the ending from the name, and a temporary file has another
    opened.stream = std::make_unique<CachedStream>(std::move(file), shown, size, access);
    opened.audio = open_audio(*opened.stream);
    if (const int error = opened.stream->error(); error != 0) {
        return std::unexpected(file_message("Cannot read", shown, error));
    }
    if (opened.audio.format == nullptr) {
        return std::unexpected("Unsupported file: " + shown);
    }
    return opened;
}

}  // namespace threadrunner::taglib
