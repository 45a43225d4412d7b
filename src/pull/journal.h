#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace threadrunner::pull {

/// What is known of a download that is not finished, or was: a small JSON file.
struct Journal {
    std::string url;
    std::string validator;    ///< a strong ETag or a date, for If-Range; empty: none
    std::uint64_t total = 0;  ///< bytes of the whole; 0: unknown
    std::uint64_t done = 0;   ///< bytes that are safely on the disk
    std::string sha256;       ///< of the whole; empty: unknown

    bool operator==(const Journal&) const = default;
};

/// Nothing where there is none, or one that makes no sense: then it begins anew.
[[nodiscard]] std::optional<Journal> read_journal(const std::filesystem::path& file);

/// Replaces the file at once.
[[nodiscard]] Result<void> write_journal(const std::filesystem::path& file, const Journal& journal);

}  // namespace threadrunner::pull
