#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/paths.h"
#include "model/defaults.h"
#include "model/model_folder.h"
#include "model/registry_file.h"

namespace threadrunner::model {

/// A model that can be asked for by name.
struct Model {
    std::string name;
    std::filesystem::path path;  ///< of the file or its first part
    bool in_folder = false;      ///< it lies in models/: its file is ours
    std::vector<std::string> aliases;
    Defaults defaults;
    std::string place;  ///< of its table in models.toml; empty: it has none
};

/// The models of a home by name: the GGUF files in models/, and what models.toml says of them and
/// of files elsewhere. Reads folder and file when they have changed: with 10,000 models a request
/// costs one look at the time of each. A file that cannot be read is every call's error
/// (model_load_failed, with file and line). Used by one thread at a time; a copy remembers what the
/// original has read.
class Registry {
public:
    explicit Registry(const Home& home) : folder_(home.models()), file_(home.models_file()) {}

    /// Sorted by name; valid until the next call.
    [[nodiscard]] Result<std::span<const Model>> list() const;

    /// What a request's model means.
    struct Found {
        std::filesystem::path path;  ///< canonical, where it exists
        Defaults defaults;
        std::string name;  ///< empty: a path that no model has
    };

    /// A name, an alias, a file name in models/, or an absolute path; empty: the default, which is
    /// `chosen`, else the only one there is. A path may name what does not exist; a name may not
    /// (unknown_model, with the nearest, or how to get a model).
    [[nodiscard]] Result<Found> find(const std::string& model, const std::string& chosen) const;

    /// The model of that name or alias; null when there is none, or what stands there is a path.
    [[nodiscard]] Result<const Model*> named(std::string_view name) const;

    /// The name of the model that is loaded so; empty: none.
    [[nodiscard]] std::string name_of(const std::filesystem::path& path,
                                      std::string_view load) const;

    [[nodiscard]] const std::filesystem::path& file() const { return file_; }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

private:
    [[nodiscard]] Result<void> refresh() const;
    [[nodiscard]] Result<bool> refresh_file() const;
    void merge() const;
    [[nodiscard]] const Model* at(std::string_view name) const;
    [[nodiscard]] const Model* at_path(const std::filesystem::path& path) const;
    [[nodiscard]] std::unexpected<Error> unknown(const std::string& model) const;
    [[nodiscard]] Result<Found> find_default(const std::string& chosen) const;

    mutable ModelFolder folder_;
    std::filesystem::path file_;
    /// Of the file that was read: time, size, inode. None: it is to be read.
    mutable std::optional<std::array<std::uint64_t, 3>> file_stamp_;
    mutable Result<std::vector<FileEntry>> entries_;
    mutable std::vector<Model> models_;
    mutable std::map<std::string, std::size_t, std::less<>> aliases_;  ///< to indices of models_
    mutable std::vector<std::size_t> of_file_;  ///< indices of models that models.toml knows
};

}  // namespace threadrunner::model
