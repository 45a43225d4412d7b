#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace threadrunner::cli {

/// What was typed in chats, to be brought back by the arrow keys: one JSON text a line, 0600, so
/// that several chats can append at once and a turn of many lines is one entry. Bounded: an entry
/// over limits::chat_history_entry_bytes_max is not kept, and a file with twice the entries that
/// are loaded is written anew with the newest.
class HistoryFile {
public:
    explicit HistoryFile(std::filesystem::path file) : file_(std::move(file)) {}

    /// The newest entries, oldest first. Lines that make no sense are left out; no file, no
    /// entries.
    [[nodiscard]] std::vector<std::string> load();

    [[nodiscard]] Result<void> add(const std::string& entry);

private:
    [[nodiscard]] Result<void> shorten();

    std::filesystem::path file_;
    std::size_t lines_ = 0;  ///< that the file has, as far as we know
};

}  // namespace threadrunner::cli
