#include "base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "base/unique_fd.h"

namespace threadrunner {

Result<std::string> read_secret_file(const std::string& path, std::string_view what,
                                     std::size_t bytes_max) {
    const std::string name = std::string(what) + " " + path;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return fail_system(ErrorCode::unauthorized, "cannot open " + name, errno);
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(ErrorCode::forbidden, name +
                                              " is open to others: chmod 600 it, and think of what "
                                              "it holds as known");
    }
    std::string text(bytes_max + 1, '\0');
    const ssize_t got = ::read(file.get(), text.data(), text.size());
    if (got < 0) {
        return fail_system(ErrorCode::unauthorized, "cannot read " + name, errno);
    }
    text.resize(static_cast<std::size_t>(got));
    if (text.size() > bytes_max) {
        return fail(ErrorCode::too_large, name + " has more than " + format_bytes(bytes_max));
    }
    text.resize(text.find_last_not_of("\r\n ") + 1);
    return text;
}

}  // namespace threadrunner
