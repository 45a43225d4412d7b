#include "base/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace threadrunner {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned bits_a_letter = 6;
constexpr unsigned bits_a_byte = 8;
constexpr std::size_t letters_a_group = 4;
constexpr std::uint8_t no_letter = 255;

constexpr std::array<std::uint8_t, 256> values = [] {
    std::array<std::uint8_t, 256> out{};
    out.fill(no_letter);
    for (std::size_t i = 0; i < letters.size(); ++i) {
        out[static_cast<std::uint8_t>(letters[i])] = static_cast<std::uint8_t>(i);
    }
    return out;
}();

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * letters_a_group);
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : bytes) {
        held = held << bits_a_byte | static_cast<std::uint8_t>(c);
        bits += bits_a_byte;
        while (bits >= bits_a_letter) {
            bits -= bits_a_letter;
            out += letters[held >> bits & 63U];
        }
    }
    if (bits > 0) {
        out += letters[held << (bits_a_letter - bits) & 63U];
    }
    out.append((letters_a_group - out.size() % letters_a_group) % letters_a_group, '=');
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % letters_a_group == 0) {
        for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
            text.remove_suffix(1);
        }
    }
    std::string out;
    out.reserve(text.size() / letters_a_group * 3 + 2);
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::uint8_t value = values[static_cast<std::uint8_t>(c)];
        if (value == no_letter) {
            return std::nullopt;
        }
        held = held << bits_a_letter | value;
        bits += bits_a_letter;
        if (bits >= bits_a_byte) {
            bits -= bits_a_byte;
            out += static_cast<char>(held >> bits);
        }
    }
    const std::uint32_t rest = held & ((1U << bits) - 1);
    return bits < bits_a_letter && rest == 0 ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace threadrunner
