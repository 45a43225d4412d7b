#include "sandbox/whole_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <span>

#include "base/text.h"

namespace threadrunner::sandbox {
namespace {

/// How much there was, from the beginning; none where it cannot be read, with errno.
std::optional<std::size_t> read_into(int fd, std::span<char> buffer) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t got =
            ::pread(fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(done));
        if (got == 0) {
            break;  // it has become shorter
        }
        if (got < 0 && errno != EINTR) {
            return std::nullopt;
        }
        done += got < 0 ? 0 : static_cast<std::size_t>(got);
    }
    return done;
}

}  // namespace

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
    int fault = 0;
    std::string bytes;
    bytes.resize_and_overwrite(size, [&](char* buffer, std::size_t room) {
        const auto done = read_into(fd, {buffer, room});
        fault = done ? 0 : errno;
        return done.value_or(0);
    });
    if (fault != 0) {
        return fail_system(ErrorCode::internal, "cannot read " + std::string(what), fault);
    }
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
