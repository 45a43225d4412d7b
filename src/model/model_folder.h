#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace threadrunner::model {

/// The GGUF files of a folder, by name. Reads the folder when it has changed, never the files: with
/// 10,000 models a look costs one look at the folder's time. Used by one thread at a time; a copy
/// remembers what the original has read.
class ModelFolder {
public:
    explicit ModelFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

    struct Entry {
        std::string name;  ///< the file's name without .gguf; a split model's without -00001-of-…
        std::filesystem::path path;  ///< of the file or its first part
    };

    /// Reads the folder if it has changed; whether it had.
    bool refresh();

    /// Sorted by name, as of the last refresh().
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

    [[nodiscard]] const std::filesystem::path& path() const { return folder_; }

private:
    [[nodiscard]] std::vector<Entry> read_folder() const;

    std::filesystem::path folder_;
    std::optional<std::filesystem::file_time_type> changed_;  ///< the folder's time; none: unknown
    std::vector<Entry> entries_;
};

}  // namespace threadrunner::model
