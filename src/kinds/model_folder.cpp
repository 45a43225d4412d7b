#include "kinds/model_folder.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/settings.h"
#include "gguf/split_name.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".gguf";

/// A folder that changed this short a while before it was read may change again within the same
/// tick of its file system's clock.
constexpr auto settled_after = std::chrono::seconds(2);

/// The name under which a file is listed; nothing for later parts of a split model and other files.
std::optional<std::string> listed_name(const std::string& file) {
    if (!file.ends_with(extension) || file.size() == extension.size()) {
        return std::nullopt;
    }
    if (auto split = gguf::parse_split_name(file)) {
        return split->part == 1 ? std::optional(std::move(split->prefix)) : std::nullopt;
    }
    return file.substr(0, file.size() - extension.size());
}

std::string names_of(const std::vector<ModelFolder::Entry>& entries) {
    constexpr std::size_t shown_max = 10;
    std::string out;
    for (std::size_t i = 0; i < std::min(entries.size(), shown_max); ++i) {
        out += (i == 0 ? "" : ", ") + entries[i].name;
    }
    return entries.size() > shown_max
               ? out + " and " + std::to_string(entries.size() - shown_max) + " more"
               : out;
}

}  // namespace

std::vector<ModelFolder::Entry> ModelFolder::list() const { return entries(); }

const std::vector<ModelFolder::Entry>& ModelFolder::entries() const {
    std::error_code error;
    const auto changed = fs::last_write_time(folder_, error);
    if (!error && listing_ && listing_->changed == changed) {
        return listing_->entries;
    }
    const bool settled = !error && fs::file_time_type::clock::now() - changed > settled_after;
    listing_ =
        Listing{.changed = settled ? changed : fs::file_time_type::min(), .entries = read_folder()};
    return listing_->entries;
}

std::vector<ModelFolder::Entry> ModelFolder::read_folder() const {
    std::vector<Entry> found;
    std::error_code error;
    for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
        if (auto name = listed_name(it->path().filename().string())) {
            found.push_back({.name = *std::move(name), .path = it->path()});
        }
    }
    std::ranges::sort(found, {}, &Entry::name);
    return found;
}

const ModelFolder::Entry* ModelFolder::entry_of(const std::string& model) const {
    const std::vector<Entry>& all = entries();
    const auto named = std::ranges::lower_bound(all, model, {}, &Entry::name);
    if (named != all.end() && named->name == model) {
        return &*named;
    }
    // a file's whole name, which begins with the name of its entry
    const auto file = std::ranges::find_if(all, [&](const Entry& entry) {
        return model.starts_with(entry.name) && entry.path.filename() == model;
    });
    return file == all.end() ? nullptr : &*file;
}

Result<fs::path> ModelFolder::find(const std::string& model) const {
    if (model.empty()) {
        return find_default();
    }
    if (model.find('/') != std::string::npos) {
        const fs::path path(model);
        if (!path.is_absolute()) {
            return fail(ErrorCode::unknown_model,
                        "there is no model file " + model + "; check the path");
        }
        std::error_code error;
        const fs::path canonical = fs::weakly_canonical(path, error);
        return error ? path : canonical;
    }
    if (const Entry* entry = entry_of(model)) {
        std::error_code error;
        const fs::path canonical = fs::weakly_canonical(entry->path, error);
        return error ? entry->path : canonical;
    }
    const std::vector<Entry>& all = entries();
    std::vector<std::string_view> names;
    std::ranges::transform(all, std::back_inserter(names), &Entry::name);
    const auto near = nearest(model, names);
    return fail(ErrorCode::unknown_model,
                "there is no model '" + model + "' in " + folder_.string() +
                    (near          ? "; did you mean '" + std::string(*near) + "'?"
                     : all.empty() ? "; the folder has none: put a GGUF file there"
                                   : "; there are: " + names_of(all)));
}

Result<fs::path> ModelFolder::find_default() const {
    if (!chosen_.empty()) {
        return find(chosen_);
    }
    const std::vector<Entry>& all = entries();
    if (all.size() == 1) {
        const std::string only = all.front().name;
        return find(only);
    }
    if (all.empty()) {
        return fail(ErrorCode::unknown_model,
                    "there is no model yet: put a GGUF file into " + folder_.string() +
                        ", or name one with -m PATH (in a clone, `make run` fetches a small one); "
                        "THREADRUNNER_BACKEND=dummy answers without a model");
    }
    return fail(ErrorCode::unknown_model,
                "several models are in " + folder_.string() + " (" + names_of(all) +
                    "): choose one with -m NAME, THREADRUNNER_MODEL_PATH, or `model` in "
                    "config.toml");
}

}  // namespace threadrunner
