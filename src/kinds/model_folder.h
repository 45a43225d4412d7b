#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/paths.h"

namespace threadrunner {

/// The GGUF files of the home's models/, by name. Reads the folder when it has changed, never the
/// files: with 10,000 models a request costs one look at the folder's time. Used by one thread at a
/// time; a copy remembers what the original has read.
class ModelFolder {
public:
    /// `chosen`: the configured default, a name or a path; empty: none.
    ModelFolder(const Home& home, std::string chosen)
        : folder_(home.models()), chosen_(std::move(chosen)) {}

    struct Entry {
        std::string name;  ///< the file's name without .gguf; a split model's without -00001-of-…
        std::filesystem::path path;  ///< of the file or its first part
    };

    /// Sorted by name.
    [[nodiscard]] std::vector<Entry> list() const;

    /// The file that a request's model means: a name of list(), or a path. Empty: the default. A
    /// path may name what does not exist; a name may not (unknown_model, with the nearest).
    [[nodiscard]] Result<std::filesystem::path> find(const std::string& model) const;

    /// The default: the chosen one, else the only one there is. unknown_model lists the choice, or
    /// says how to get a model.
    [[nodiscard]] Result<std::filesystem::path> find_default() const;

private:
    struct Listing {
        std::filesystem::file_time_type changed;  ///< the folder's time
        std::vector<Entry> entries;
    };

    /// Valid until the next call.
    [[nodiscard]] const std::vector<Entry>& entries() const;
    [[nodiscard]] std::vector<Entry> read_folder() const;
    [[nodiscard]] const Entry* entry_of(const std::string& model) const;

    mutable std::optional<Listing> listing_;
    std::filesystem::path folder_;
    std::string chosen_;
};

}  // namespace threadrunner
