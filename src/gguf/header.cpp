#include "gguf/header.h"

#include <array>
#include <bit>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "gguf/checked.h"
#include "gguf/known_format.h"
#include "gguf/reader.h"

namespace threadrunner::gguf {
namespace {

constexpr std::string_view magic = "GGUF";
constexpr std::uint32_t version_min = 2;
constexpr std::uint32_t version_max = 3;
constexpr std::uint64_t alignment_default = 32;
constexpr std::uint64_t alignment_max = 1 * limits::mib;

/// Refuses what does not begin like a GGUF file, and says what it is instead where that is known.
void check_magic(Source& source, Reader& reader) {
    std::array<char, recognised_bytes> buffer{};
    const auto filled = source.read(0, buffer);
    if (!filled) {
        reader.refuse(filled.error().message);
        return;
    }
    const std::string_view start(buffer.data(), *filled);
    if (start.empty()) {
        reader.refuse("is empty; download it again");
    } else if (!start.starts_with(magic) && !magic.starts_with(start)) {
        reader.refuse("is not a GGUF file: " + describe_start(start));
    }
    reader.skip(magic.size());
}

std::uint32_t read_version(Reader& reader) {
    const auto version = reader.number<std::uint32_t>();
    if (!reader.ok() || (version >= version_min && version <= version_max)) {
        return version;
    }
    const std::uint32_t swapped = __builtin_bswap32(version);
    if (swapped >= 1 && swapped <= version_max) {
        reader.refuse("is a big-endian GGUF file (version " + std::to_string(swapped) +
                      "); get the little-endian edition of this model");
    } else if (version == 1) {
        reader.refuse(
            "has GGUF version 1, which is no longer read; convert the model again, or "
            "download a newer edition of it");
    } else {
        reader.refuse("has GGUF version " + std::to_string(version) + ", this ThreadRunner reads " +
                      std::to_string(version_min) + " and " + std::to_string(version_max) +
                      "; update ThreadRunner, or download the file again if it is damaged");
    }
    return version;
}

std::uint64_t read_alignment(const Metadata& metadata, Reader& reader) {
    constexpr std::string_view key = "general.alignment";
    if (!metadata.has(key)) {
        return alignment_default;
    }
    const std::uint64_t alignment = metadata.integer(key).value_or(0);
    if (!std::has_single_bit(alignment) || alignment > alignment_max) {
        reader.refuse_implausible("an alignment of " + std::to_string(alignment) + " bytes");
        return alignment_default;
    }
    return alignment;
}

}  // namespace

Result<Header> read_header(Source& source) {
    Reader reader(source);
    Header header;
    check_magic(source, reader);
    header.version = read_version(reader);
    const auto tensor_count = reader.number<std::uint64_t>();
    const auto entry_count = reader.number<std::uint64_t>();
    header.metadata = read_metadata(reader, entry_count);
    const std::uint64_t alignment = read_alignment(header.metadata, reader);
    header.tensors = read_tensors(reader, tensor_count);
    if (!reader.ok()) {
        return std::unexpected(reader.error());
    }
    header.file_bytes_min = reader.position();
    if (header.tensors.extent_bytes > 0) {
        header.file_bytes_min = saturating_add(saturating_pad(reader.position(), alignment),
                                               header.tensors.extent_bytes);
    }
    return header;
}

}  // namespace threadrunner::gguf
