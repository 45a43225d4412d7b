#include "model/registry.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/settings.h"

namespace threadrunner::model {
namespace {

namespace fs = std::filesystem;

/// A file that changed this short a while before it was read may change again within the same tick
/// of its file system's clock.
constexpr std::time_t settled_after_s = 2;

fs::path canonical_path(const fs::path& path) {
    std::error_code error;
    fs::path out = fs::weakly_canonical(path, error);
    return error ? path : out;
}

std::string names_of(std::span<const Model> models) {
    constexpr std::size_t shown_max = 10;
    std::string out;
    for (const Model& model : models.first(std::min(models.size(), shown_max))) {
        out += (out.empty() ? "" : ", ") + model.name;
    }
    return models.size() > shown_max
               ? out + " and " + std::to_string(models.size() - shown_max) + " more"
               : out;
}

Registry::Found found(const Model& model) {
    return {.path = canonical_path(model.path), .defaults = model.defaults, .name = model.name};
}

}  // namespace

Result<std::span<const Model>> Registry::list() const {
    if (auto read = refresh(); !read) {
        return std::unexpected(read.error());
    }
    return std::span<const Model>(models_);
}

Result<void> Registry::refresh() const {
    const bool folder_changed = folder_.refresh();
    const auto file_changed = refresh_file();
    if (!file_changed) {
        return std::unexpected(file_changed.error());
    }
    if (folder_changed || *file_changed) {
        merge();
    }
    return {};
}

/// Whether the file was read again; an error until it can be.
Result<bool> Registry::refresh_file() const {
    struct stat status{};
    std::array<std::uint64_t, 3> stamp{};
    const bool there = ::stat(file_.c_str(), &status) == 0;
    if (there) {
        stamp = {static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                     static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
                 static_cast<std::uint64_t>(status.st_size), status.st_ino};
    }
    if (file_stamp_ == stamp) {
        return entries_ ? Result<bool>(false) : std::unexpected(entries_.error());
    }
    const bool settled = !there || status.st_mtim.tv_sec + settled_after_s < std::time(nullptr);
    file_stamp_ = settled ? std::optional(stamp) : std::nullopt;
    const auto text = read_registry_text(file_);
    entries_ = text ? read_entries(*text, file_, folder_.path()) : std::unexpected(text.error());
    if (!entries_) {
        return std::unexpected(entries_.error());
    }
    return true;
}

/// A table of the file goes before a file in the folder that has its name.
void Registry::merge() const {
    std::map<std::string, Model, std::less<>> by_name;
    for (const ModelFolder::Entry& entry : folder_.entries()) {
        by_name.emplace(entry.name,
                        Model{.name = entry.name, .path = entry.path, .in_folder = true});
    }
    for (const FileEntry& entry : *entries_) {
        Model& model = by_name[entry.name];
        if (!entry.path.empty()) {
            model.path = entry.path;
            model.in_folder = false;
        } else if (model.path.empty()) {
            model.path = folder_.path() / (entry.name + ".gguf");
            model.in_folder = true;
        }
        model.name = entry.name;
        model.aliases = entry.aliases;
        model.defaults = entry.defaults;
        model.place = entry.place;
    }
    models_.clear();
    aliases_.clear();
    of_file_.clear();
    for (auto& [name, model] : by_name) {
        if (!model.place.empty()) {
            of_file_.push_back(models_.size());
        }
        for (const std::string& alias : model.aliases) {
            aliases_.emplace(alias, models_.size());
        }
        models_.push_back(std::move(model));
    }
}

const Model* Registry::at(std::string_view name) const {
    const auto by_name = std::ranges::lower_bound(models_, name, {}, &Model::name);
    if (by_name != models_.end() && by_name->name == name) {
        return &*by_name;
    }
    if (const auto alias = aliases_.find(name); alias != aliases_.end()) {
        return &models_[alias->second];
    }
    // a file's whole name, which begins with the name of its model
    const auto by_file = std::ranges::find_if(models_, [&](const Model& model) {
        return model.in_folder && name.starts_with(model.name) && model.path.filename() == name;
    });
    return by_file == models_.end() ? nullptr : &*by_file;
}

/// The model whose own file it is, in the folder or by a link of its name there, else that which
/// models.toml knows with it.
const Model* Registry::at_path(const fs::path& path) const {
    const fs::path file = canonical_path(path);
    const Model* own = at(file.filename().native());
    if (own != nullptr && own->in_folder && canonical_path(own->path) == file) {
        return own;
    }
    const auto known = std::ranges::find_if(
        of_file_, [&](std::size_t i) { return canonical_path(models_[i].path) == file; });
    return known == of_file_.end() ? nullptr : &models_[*known];
}

Result<const Model*> Registry::named(std::string_view name) const {
    if (auto read = refresh(); !read) {
        return std::unexpected(read.error());
    }
    return at(name);
}

std::string Registry::name_of(const fs::path& path, std::string_view load) const {
    if (auto read = refresh(); !read) {
        return {};
    }
    for (const std::size_t i : of_file_) {
        if (load_text(models_[i].defaults) == load && canonical_path(models_[i].path) == path) {
            return models_[i].name;
        }
    }
    const Model* model = at_path(path);
    return model == nullptr ? std::string() : model->name;
}

Result<Registry::Found> Registry::find(const std::string& model, const std::string& chosen) const {
    if (auto read = refresh(); !read) {
        return std::unexpected(read.error());
    }
    if (model.empty()) {
        return find_default(chosen);
    }
    if (model.find('/') != std::string::npos) {
        const fs::path path(model);
        if (!path.is_absolute()) {
            return fail(ErrorCode::unknown_model,
                        "there is no model file " + model + "; check the path");
        }
        const Model* known = at_path(path);
        return known != nullptr ? found(*known) : Found{.path = canonical_path(path)};
    }
    if (const Model* known = at(model)) {
        return found(*known);
    }
    return unknown(model);
}

std::unexpected<Error> Registry::unknown(const std::string& model) const {
    std::vector<std::string_view> names;
    std::ranges::transform(models_, std::back_inserter(names), &Model::name);
    for (const auto& [alias, index] : aliases_) {
        names.push_back(alias);
    }
    const auto near = nearest(model, names);
    return fail(
        ErrorCode::unknown_model,
        "there is no model '" + model + "' in " + folder().string() +
            (near ? "; did you mean '" + std::string(*near) + "'?"
             : models_.empty()
                 ? "; the folder has none: put a GGUF file there, or fetch one: threadrunner pull"
                 : "; there are: " + names_of(models_)));
}

Result<Registry::Found> Registry::find_default(const std::string& chosen) const {
    if (!chosen.empty()) {
        return find(chosen, {});
    }
    if (models_.size() == 1) {
        return found(models_.front());
    }
    if (models_.empty()) {
        return fail(ErrorCode::unknown_model,
                    "there is no model yet: put a GGUF file into " + folder().string() +
                        ", fetch one with `threadrunner pull`, or name one with -m PATH (in a "
                        "clone, `make run` fetches a small one); "
                        "THREADRUNNER_BACKEND=dummy answers without a model");
    }
    return fail(ErrorCode::unknown_model,
                "several models are in " + folder().string() + " (" + names_of(models_) +
                    "): choose one with -m NAME, THREADRUNNER_MODEL_PATH, or for good with "
                    "`threadrunner models default NAME`");
}

}  // namespace threadrunner::model
