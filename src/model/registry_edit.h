#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/registry.h"

/// Changes of a home's models. They read and write files: keep them off the event loop. Errors of a
/// name that nothing has are unknown_model, of one that something else has conflict.
namespace threadrunner::model {

/// Takes in a GGUF file where it lies, under `name` or the file's own; its name. A file that is no
/// sound model is refused. What is there already under that name is no error.
[[nodiscard]] Result<std::string> add_in_place(const Registry& registry,
                                               const std::filesystem::path& path,
                                               const std::string& name);

/// One more name for a model.
[[nodiscard]] Result<void> add_alias(const Registry& registry, const std::string& model,
                                     const std::string& alias);

/// Changes defaults; a key without values is unset.
using DefaultChanges = std::map<std::string, std::vector<std::string>>;
[[nodiscard]] Result<void> change_defaults(const Registry& registry, const std::string& model,
                                           const DefaultChanges& changes);

/// What remove() will do.
struct Removal {
    enum class What : std::uint8_t {
        alias,  ///< only this name goes
        entry,  ///< a file elsewhere is forgotten
        files,  ///< files in models/ are deleted
    };
    What what = What::files;
    std::string name;   ///< of the model
    std::string alias;  ///< that goes
    std::vector<std::filesystem::path> files;
    std::uint64_t bytes = 0;
};

[[nodiscard]] Result<Removal> plan_removal(const Registry& registry, const std::string& model);
[[nodiscard]] Result<void> remove(const Registry& registry, const Removal& removal);

}  // namespace threadrunner::model
