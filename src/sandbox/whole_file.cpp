#include "sandbox/whole_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"

namespace threadrunner::sandbox {

Result<std::string> read_whole(int fd, std::size_t bytes_max, std::string_view what) {
    struct stat facts{};
    if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return fail(ErrorCode::invalid_request, std::string(what) + " is no regular file");
    }
    const auto size = static_cast<std::size_t>(facts.st_size);
    if (size > bytes_max) {
        return fail(ErrorCode::too_large, std::string(what) + " has " + format_bytes(size) +
                                              ", at most " + format_bytes(bytes_max));
    }
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_system(ErrorCode::internal, "cannot read " + std::string(what), errno);
        }
        if (got == 0) {
            break;  // it became shorter
        }
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

Result<void> write_whole(int fd, std::string_view bytes, std::string_view what) {
    while (!bytes.empty()) {
        const ssize_t gone = ::write(fd, bytes.data(), bytes.size());
        if (gone < 0 && errno != EINTR) {
            return fail_system(ErrorCode::internal, "cannot write " + std::string(what), errno);
        }
        bytes.remove_prefix(gone < 0 ? 0 : static_cast<std::size_t>(gone));
    }
    return {};
}

}  // namespace threadrunner::sandbox
