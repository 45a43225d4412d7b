#include "kinds/upstream/server_key.h"

#include <algorithm>

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

}  // namespace threadrunner
