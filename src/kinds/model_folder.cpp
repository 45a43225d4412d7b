#include "kinds/model_folder.h"

#include <algorithm>
#include <regex>
#include <string_view>
#include <system_error>

#include "base/settings.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".gguf";

/// The name under which a file is listed; nothing for later parts of a split model and other files.
std::optional<std::string> listed_name(const std::string& file) {
    if (!file.ends_with(extension) || file.size() == extension.size()) {
        return std::nullopt;
    }
    const std::string stem = file.substr(0, file.size() - extension.size());
    static const std::regex part("(.+)-([0-9]{5})-of-[0-9]{5}");
    std::smatch match;
    if (!std::regex_match(stem, match, part)) {
        return stem;
    }
    return match[2] == "00001" ? std::optional(match[1].str()) : std::nullopt;
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

std::vector<ModelFolder::Entry> ModelFolder::list() const {
    std::vector<Entry> entries;
    std::error_code error;
    for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
        if (auto name = listed_name(it->path().filename().string())) {
            entries.push_back({.name = *std::move(name), .path = it->path()});
        }
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
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
    const auto entries = list();
    std::vector<std::string_view> names;
    for (const Entry& entry : entries) {
        if (entry.name == model || entry.path.filename() == model) {
            std::error_code error;
            const fs::path canonical = fs::weakly_canonical(entry.path, error);
            return error ? entry.path : canonical;
        }
        names.push_back(entry.name);
    }
    const auto near = nearest(model, names);
    return fail(ErrorCode::unknown_model,
                "there is no model '" + model + "' in " + folder_.string() +
                    (near              ? "; did you mean '" + std::string(*near) + "'?"
                     : entries.empty() ? "; the folder has none: put a GGUF file there"
                                       : "; there are: " + names_of(entries)));
}

Result<fs::path> ModelFolder::find_default() const {
    if (!chosen_.empty()) {
        return find(chosen_);
    }
    const auto entries = list();
    if (entries.size() == 1) {
        return find(entries.front().name);
    }
    if (entries.empty()) {
        return fail(ErrorCode::unknown_model,
                    "there is no model yet: put a GGUF file into " + folder_.string() +
                        ", or name one with -m PATH (in a clone, `make run` fetches a small one); "
                        "THREADRUNNER_BACKEND=dummy answers without a model");
    }
    return fail(ErrorCode::unknown_model,
                "several models are in " + folder_.string() + " (" + names_of(entries) +
                    "): choose one with -m NAME, THREADRUNNER_MODEL_PATH, or `model` in "
                    "config.toml");
}

}  // namespace threadrunner
