#include "gguf/known_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "base/hex.h"

namespace threadrunner::gguf {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view convert = "convert it to GGUF first, or download the GGUF edition";
constexpr std::string_view unpack = "unpack it first";
constexpr std::string_view wrong_link =
    "the link was wrong or wants a sign-in: download the file itself";

struct Signature {
    std::string_view start;
    std::string_view what;
    std::string_view remedy;
};

constexpr std::array signatures = {
    Signature{"version https://git-lfs"sv, "a Git LFS pointer, not the file itself",
              "run: git lfs pull"},
    Signature{"PK\x03\x04"sv, "a ZIP archive or PyTorch weights",
              "unpack it, or download the GGUF edition"},
    Signature{"\x80\x02"sv, "a Python pickle (PyTorch weights)", convert},
    Signature{"\x89HDF"sv, "an HDF5 file (Keras weights)", convert},
    Signature{"lmgg"sv, "weights in the old ggml format", convert},
    Signature{"fmgg"sv, "weights in the old ggmf format", convert},
    Signature{"tjgg"sv, "weights in the old ggjt format", convert},
    Signature{"algg"sv, "an adapter in the old ggla format", convert},
    Signature{"\x1F\x8B"sv, "a gzip archive", unpack},
    Signature{"\x28\xB5\x2F\xFD"sv, "a zstd archive", unpack},
    Signature{"\xFD"
              "7zXZ"sv,
              "an xz archive", unpack},
    Signature{"BZh"sv, "a bzip2 archive", unpack},
    Signature{"7z\xBC\xAF"sv, "a 7-Zip archive", unpack},
    Signature{"Rar!"sv, "a RAR archive", unpack},
    Signature{"\x7F"
              "ELF"sv,
              "a program", "name the model's file instead"},
    Signature{"%PDF"sv, "a PDF document", "name the model's file instead"},
};

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_start) {
    return text.size() >= lower_start.size() &&
           std::ranges::equal(text.substr(0, lower_start.size()), lower_start, {}, [](char c) {
               return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
           });
}

bool is_web_page(std::string_view start) {
    const std::size_t text = std::min(start.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), start.size());
    start.remove_prefix(text);
    return starts_with_ignoring_case(start, "<!doctype") ||
           starts_with_ignoring_case(start, "<html") || starts_with_ignoring_case(start, "<?xml");
}

/// u64 length of a JSON object, then that object.
bool is_safetensors(std::string_view start) {
    constexpr std::size_t length_bytes = 8;
    constexpr std::string_view too_long_for_a_header = "\0\0\0"sv;
    return start.size() > length_bytes && start[length_bytes] == '{' &&
           start.substr(5, 3) == too_long_for_a_header;
}

bool is_zeros(std::string_view start) {
    return std::ranges::all_of(start, [](char c) { return c == '\0'; });
}

bool is_readable(char c) { return c >= ' ' && c <= '~'; }

std::string quote(std::string_view start) {
    constexpr std::size_t quoted_bytes_max = 16;
    start = start.substr(0, quoted_bytes_max);
    if (std::ranges::all_of(start, is_readable)) {
        return "'" + std::string(start) + "'";
    }
    std::string out;
    for (const char c : start) {
        out += (out.empty() ? "" : " ") + hex(static_cast<unsigned char>(c));
    }
    return out;
}

std::string describe(std::string_view what, std::string_view remedy) {
    return "it is " + std::string(what) + "; " + std::string(remedy);
}

}  // namespace

std::string describe_start(std::string_view first_bytes) {
    for (const Signature& signature : signatures) {
        if (first_bytes.starts_with(signature.start)) {
            return describe(signature.what, signature.remedy);
        }
    }
    if (is_web_page(first_bytes)) {
        return describe("a web page", wrong_link);
    }
    if (is_safetensors(first_bytes)) {
        return describe("a file of safetensors weights", convert);
    }
    if (is_zeros(first_bytes)) {
        return "it begins with zeros, like a download that never got its content; download it "
               "again";
    }
    if (first_bytes.starts_with('{')) {
        return describe("a JSON document", "name the model's .gguf file instead");
    }
    return "it begins with " + quote(first_bytes) + " instead of 'GGUF'; name a .gguf file";
}

}  // namespace threadrunner::gguf
