#include "cli/safe_text.h"

#include <cstddef>

#include "base/hex.h"

namespace threadrunner::cli {
namespace {

constexpr char delete_character = '\x7F';

/// Calls `plain` with the stretches between control characters and `control` with each of these.
template <class Plain, class Control>
void split_at_controls(std::string_view text, Plain plain, Control control) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c0 = byte < 0x20 || text[i] == delete_character;
        // C1, U+0080 to U+009F, is C2 80 to C2 9F
        const bool c1 =
            byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) <= 0x9F;
        if (c0 || c1) {
            plain(text.substr(begin, i - begin));
            i += c1 ? 1 : 0;
            control(static_cast<unsigned char>(text[i]), c1);
            begin = i + 1;
        }
    }
    plain(text.substr(begin));
}

}  // namespace

std::string safe_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    split_at_controls(
        text, [&](std::string_view plain) { out += plain; },
        [&](unsigned char code, bool c1) {
            if (code == '\n' || code == '\t') {
                out += static_cast<char>(code);
            } else if (c1) {
                out += "\uFFFD";
            } else if (code == delete_character) {
                out += "\u2421";
            } else if (code != '\r') {
                out += "\xE2\x90";  // U+2400 and up: the control pictures
                out += static_cast<char>(0x80 + code);
            }
        });
    return out;
}

std::string safe_json(std::string_view document) {
    std::string out;
    out.reserve(document.size());
    split_at_controls(
        document, [&](std::string_view plain) { out += plain; },
        [&](unsigned char code, bool c1) {
            if (c1 || code == delete_character) {
                out += "\\u00" + hex(code);
            } else {
                out +=
                    static_cast<char>(code);  // white space: inside texts JSON escapes the others
            }
        });
    return out;
}

}  // namespace threadrunner::cli
