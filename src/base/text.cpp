#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace threadrunner {
namespace {

struct Utf8Step {
    std::size_t length = 0;  ///< bytes to consume; 0 at the end of the text
    bool valid = false;
    bool cut = false;  ///< the text ends inside what may still become a character
};

bool continues(unsigned char byte, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return byte >= low && byte <= high;
}

/// One character of Table 3-7 of the Unicode Standard (well-formed UTF-8 byte sequences).
Utf8Step utf8_step(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80) {
        return {.length = 1, .valid = true};
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) {
        return {.length = 1};
    }
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t i = 1; i < length; ++i) {
        if (i == text.size()) {
            return {.length = i, .cut = true};
        }
        if (i == 1 ? !continues(at(i), low, high) : !continues(at(i))) {
            return {.length = i};
        }
    }
    return {.length = length, .valid = true};
}

constexpr std::string_view replacement = "\xEF\xBF\xBD";

}  // namespace

std::string_view trimmed(std::string_view text, std::string_view blanks) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::string_view take_entry(std::string_view& list, std::string_view separators) {
    const std::string_view entry = list.substr(0, list.find_first_of(separators));
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
    return entry;
}

std::string small_letters(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

std::string authority_text(std::string_view host, std::uint16_t port) {
    const bool ip6 = host.find(':') != host.npos;
    return (ip6 ? "[" : "") + std::string(host) + (ip6 ? "]:" : ":") + std::to_string(port);
}

std::string format_bytes(std::uint64_t bytes) {
    if (bytes == 1) {
        return "1 byte";
    }
    static constexpr std::array units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    std::array<char, 48> out{};
    const char* format = unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s";
    std::snprintf(out.data(), out.size(), format, value, units[unit]);
    return out.data();
}

std::size_t utf8_valid_prefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const Utf8Step step = utf8_step(text.substr(at));
        if (!step.valid) {
            break;
        }
        at += step.length;
    }
    return at;
}

std::string utf8_repair(std::string_view text) {
    Utf8Stream stream;
    std::string out = stream.push(text);
    return out += stream.finish();
}

std::string Utf8Stream::push(std::string_view chunk) {
    std::string joined;
    if (!pending_.empty()) {
        joined = std::exchange(pending_, {});
        joined += chunk;
        chunk = joined;
    }
    std::string out;
    out.reserve(chunk.size());
    while (!chunk.empty()) {
        const std::size_t valid = utf8_valid_prefix(chunk);
        out += chunk.substr(0, valid);
        chunk.remove_prefix(valid);
        const Utf8Step step = utf8_step(chunk);
        if (step.cut) {
            pending_ = chunk;
            break;
        }
        if (step.length > 0) {
            out += replacement;
            chunk.remove_prefix(step.length);
        }
    }
    return out;
}

std::string Utf8Stream::finish() {
    return std::exchange(pending_, {}).empty() ? std::string() : std::string(replacement);
}

}  // namespace threadrunner
