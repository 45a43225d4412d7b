#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace threadrunner {

/// What doors can ask about the models, and change of them. A `model` is a name or an alias.
namespace models_op {

struct List {
    bool names_only = false;  ///< without a look into any file
};
struct Show {
    std::string model;  ///< empty: the default; a path is allowed, too
};
/// Takes in a GGUF file where it lies.
struct Add {
    std::filesystem::path path;
    std::string name;  ///< empty: the file's own
};
struct Alias {
    std::string model;
    std::string alias;
};
/// Changes defaults; a key without values is unset.
struct Adjust {
    std::string model;
    std::map<std::string, std::vector<std::string>> values;
};
/// Makes it the default model.
struct Choose {
    std::string model;
};
/// Deletes a model of models/, forgets one that lies elsewhere, or an alias.
struct Remove {
    std::string model;
    bool dry_run = false;  ///< only say what would go
};

}  // namespace models_op

using ModelsOp = std::variant<models_op::List, models_op::Show, models_op::Add, models_op::Alias,
                              models_op::Adjust, models_op::Choose, models_op::Remove>;

}  // namespace threadrunner
