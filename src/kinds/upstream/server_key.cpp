#include "kinds/upstream/server_key.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/unique_fd.h"

namespace threadrunner {
namespace {

constexpr std::size_t key_bytes_max = 4096;

bool is_visible(char c) { return c > ' ' && c <= '~'; }

Result<std::string> read_key(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return fail_system(ErrorCode::unauthorized, "cannot open upstream.key_file " + path, errno);
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(ErrorCode::forbidden, "upstream.key_file " + path +
                                              " is open to others: chmod 600 it, and think of the "
                                              "key as known");
    }
    std::string key(key_bytes_max + 1, '\0');
    const ssize_t got = ::read(file.get(), key.data(), key.size());
    if (got < 0) {
        return fail_system(ErrorCode::unauthorized, "cannot read upstream.key_file " + path, errno);
    }
    key.resize(static_cast<std::size_t>(got));
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) {
        key.pop_back();
    }
    return key;
}

}  // namespace

Result<std::string> configured_key(const Settings& settings) {
    const bool from_file = settings.upstream_key.empty() && !settings.upstream_key_file.empty();
    Result<std::string> key =
        from_file ? read_key(settings.upstream_key_file) : settings.upstream_key;
    if (key && (key->size() > key_bytes_max || !std::all_of(key->begin(), key->end(), is_visible) ||
                (from_file && key->empty()))) {
        return fail(
            ErrorCode::invalid_request,
            std::string(from_file ? "upstream.key_file " + settings.upstream_key_file + " holds"
                                  : "upstream.key is") +
                " no key: one is a single word of visible characters");
    }
    return key;
}

Result<std::string> random_key() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return fail_system(ErrorCode::internal, "cannot make a random key", errno);
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 0xF];
    }
    return out;
}

}  // namespace threadrunner
