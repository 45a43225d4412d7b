#include "base/percent_encoding.h"

#include <cctype>
#include <charconv>
#include <cstddef>

namespace threadrunner {

std::string percent_encoded(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain = "-._~/";
    std::string out;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || plain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

std::string percent_decoded(std::string_view text) {
    constexpr std::size_t escape = 3;  ///< %2F
    std::string out;
    while (!text.empty()) {
        unsigned char byte = 0;
        const char* const digits = text.data() + 1;
        const char* const end = text.data() + escape;
        if (text.size() >= escape && text.front() == '%' &&
            std::from_chars(digits, end, byte, 16).ptr == end) {
            out += static_cast<char>(byte);
            text.remove_prefix(escape);
        } else {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace threadrunner
