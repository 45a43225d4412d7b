#include "door/http/keys.h"

#include <algorithm>
#include <cstddef>

#include "base/limits.h"
#include "base/secret_file.h"
#include "base/text.h"

namespace threadrunner::http {
namespace {

constexpr std::size_t key_bytes_max = 1 * limits::kib;
constexpr std::size_t file_bytes_max = 64 * limits::kib;

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= key_bytes_max &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    volatile unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference = difference | static_cast<unsigned char>(a[i] ^ b[i]);
    }
    return difference == 0;
}

Result<Keys> Keys::read(const Settings& settings) {
    const bool from_file = settings.http_keys.empty() && !settings.http_key_file.empty();
    const std::string place =
        from_file ? "http.key_file " + settings.http_key_file : std::string("http.keys");
    auto text = from_file
                    ? read_secret_file(settings.http_key_file, "http.key_file", file_bytes_max)
                    : Result<std::string>(settings.http_keys);
    if (!text) {
        return std::unexpected(text.error());
    }
    Keys out;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::string_view pair = trimmed(take_entry(rest, ",\n"), " \t\r");
        if (pair.empty() || pair.front() == '#') {
            continue;
        }
        const std::size_t colon = pair.find(':');
        const std::string_view secret = colon == pair.npos ? "" : pair.substr(colon + 1);
        if (!is_word(pair.substr(0, colon)) || !is_word(secret) ||
            out.keys_.size() >= limits::http_keys_max) {
            return fail(ErrorCode::invalid_request,
                        place + ", entry " + std::to_string(out.keys_.size() + 1) +
                            ": a key is written NAME:KEY, both of visible characters, " +
                            std::to_string(limits::http_keys_max) + " at most");
        }
        out.keys_.push_back(
            {.name = std::string(pair.substr(0, colon)), .secret = std::string(secret)});
    }
    return out;
}

const std::string* Keys::owner_of(std::string_view secret) const {
    const std::string* owner = nullptr;
    for (const Key& key : keys_) {
        if (same_secret(key.secret, secret)) {
            owner = &key.name;
        }
    }
    return owner;
}

}  // namespace threadrunner::http
