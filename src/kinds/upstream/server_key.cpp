#include "kinds/upstream/server_key.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/secret_file.h"

namespace threadrunner {
namespace {

constexpr std::size_t key_bytes_max = 4096;

bool is_visible(char c) { return c > ' ' && c <= '~'; }

}  // namespace

Result<std::string> configured_key(const Settings& settings) {
    const bool from_file = settings.upstream_key.empty() && !settings.upstream_key_file.empty();
    Result<std::string> key =
        from_file ? read_secret_file(settings.upstream_key_file, "upstream.key_file", key_bytes_max)
                  : settings.upstream_key;
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
