#include "model/registry_edit.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "gguf/model_file.h"
#include "gguf/split_name.h"
#include "model/name.h"

namespace threadrunner::model {
namespace {

namespace fs = std::filesystem;

Result<void> edit(const Registry& registry, const TomlEdit& change) {
    return edit_registry_file(registry.file(), registry.folder(), change);
}

/// The model of a name, a copy: the registry may be read anew.
Result<Model> model_named(const Registry& registry, const std::string& name) {
    const auto named = registry.named(name);
    if (!named) {
        return std::unexpected(named.error());
    }
    if (*named != nullptr) {
        return **named;
    }
    if (name.find('/') != std::string::npos) {
        return fail(ErrorCode::unknown_model, name +
                                                  " is a path; give the model's name, or add it "
                                                  "first: threadrunner models add " +
                                                  name);
    }
    const auto found = registry.find(name, {});
    return std::unexpected(found ? Error{.code = ErrorCode::unknown_model,
                                         .message = "there is no model '" + name + "'"}
                                 : found.error());
}

bool same_file(const fs::path& a, const fs::path& b) {
    std::error_code error;
    return fs::equivalent(a, b, error);
}

std::string own_name(const fs::path& path) {
    const auto split = gguf::parse_split_name(path.filename().string());
    return split ? split->prefix : path.stem().string();
}

/// All files of a model of the folder, also of one that is not sound.
std::vector<fs::path> files_of(const fs::path& path) {
    std::vector<fs::path> out = {path};
    if (const auto split = gguf::parse_split_name(path.filename().string())) {
        for (std::uint64_t part = 2; part <= split->count; ++part) {
            fs::path file = path.parent_path() / split->of_part(part);
            std::error_code error;
            if (!fs::exists(file, error)) {
                break;
            }
            out.push_back(std::move(file));
        }
    }
    return out;
}

std::vector<std::string> without(std::vector<std::string> names, const std::string& name) {
    std::erase(names, name);
    return names;
}

}  // namespace

Result<std::string> add_in_place(const Registry& registry, const fs::path& path,
                                 const std::string& name) {
    if (!path.is_absolute()) {
        return fail(ErrorCode::invalid_request,
                    "'" + path.string() + "' must be an absolute path of a GGUF file");
    }
    if (const auto file = gguf::check_model_file(path); !file) {
        return std::unexpected(file.error());
    }
    const std::string wanted = name.empty() ? own_name(path) : name;
    const auto there = registry.named(wanted);
    if (!there) {
        return std::unexpected(there.error());
    }
    if (*there != nullptr && same_file((*there)->path, path)) {
        return wanted;
    }
    if (*there != nullptr) {
        return fail(ErrorCode::conflict, "the name " + wanted + " is that of " +
                                             (*there)->path.string() +
                                             "; choose another with --name");
    }
    if (auto checked = check_name(wanted); !checked) {
        return fail(checked.error().code,
                    checked.error().message + (name.empty() ? "; choose one with --name" : ""));
    }
    const auto added = edit(registry, [&](std::string_view text) {
        return with_value(text, {.table = wanted, .name = "path"}, toml_text(path.string()));
    });
    return added ? Result<std::string>(wanted) : std::unexpected(added.error());
}

Result<void> add_alias(const Registry& registry, const std::string& model,
                       const std::string& alias) {
    if (auto checked = check_name(alias); !checked) {
        return checked;
    }
    const auto named = model_named(registry, model);
    if (!named) {
        return std::unexpected(named.error());
    }
    const auto there = registry.named(alias);
    if (there && *there != nullptr) {
        if ((*there)->name == named->name) {
            return {};
        }
        return fail(ErrorCode::conflict, "the name " + alias + " is " + (*there)->name +
                                             "'s already; threadrunner rm " + alias + " frees it");
    }
    std::vector<std::string> aliases = named->aliases;
    aliases.push_back(alias);
    return edit(registry, [&](std::string_view text) {
        return with_value(text, {.table = named->name, .name = "aliases"}, toml_list(aliases));
    });
}

Result<void> change_defaults(const Registry& registry, const std::string& model,
                             const DefaultChanges& changes) {
    const auto named = model_named(registry, model);
    if (!named) {
        return std::unexpected(named.error());
    }
    Defaults probe;
    for (const auto& [key, values] : changes) {
        const auto row = default_row(key);
        const auto set = !row             ? Result<void>(std::unexpected(row.error()))
                         : values.empty() ? Result<void>()
                                          : (*row)->set(probe, values);
        if (!set) {
            return set;
        }
    }
    return edit(registry, [&](std::string_view text) -> Result<std::string> {
        std::string out(text);
        for (const auto& [key, values] : changes) {
            const TomlKey place{.table = named->name, .name = key};
            auto edited = values.empty()
                              ? without_value(out, place)
                              : with_value(out, place, toml_value(**default_row(key), values));
            if (!edited) {
                return edited;
            }
            out = *std::move(edited);
        }
        return out;
    });
}

Result<Removal> plan_removal(const Registry& registry, const std::string& model) {
    const auto named = model_named(registry, model);
    if (!named) {
        return std::unexpected(named.error());
    }
    Removal out{.name = named->name};
    if (std::ranges::count(named->aliases, model) > 0 && named->name != model) {
        out.what = Removal::What::alias;
        out.alias = model;
    } else if (!named->in_folder) {
        out.what = Removal::What::entry;
    } else {
        out.files = files_of(named->path);
        for (const fs::path& file : out.files) {
            std::error_code error;
            const auto bytes = fs::file_size(file, error);
            out.bytes += error ? 0 : bytes;
        }
    }
    return out;
}

Result<void> remove(const Registry& registry, const Removal& removal) {
    if (removal.what == Removal::What::alias) {
        const auto named = model_named(registry, removal.name);
        if (!named) {
            return std::unexpected(named.error());
        }
        const auto left = without(named->aliases, removal.alias);
        return edit(registry, [&](std::string_view text) {
            const TomlKey place{.table = removal.name, .name = "aliases"};
            return left.empty() ? without_value(text, place)
                                : with_value(text, place, toml_list(left));
        });
    }
    const auto forgotten =
        edit(registry, [&](std::string_view text) { return without_table(text, removal.name); });
    if (!forgotten) {
        return forgotten;
    }
    // the first part last: what is left of a failure is still a model that can be removed
    for (auto file = removal.files.rbegin(); file != removal.files.rend(); ++file) {
        std::error_code error;
        fs::remove(*file, error);
        if (error) {
            return fail_system(ErrorCode::internal, "cannot delete " + file->string(),
                               error.value());
        }
    }
    return {};
}

}  // namespace threadrunner::model
