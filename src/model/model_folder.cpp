#include "model/model_folder.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

#include "gguf/split_name.h"

namespace threadrunner::model {
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

}  // namespace

bool ModelFolder::refresh() {
    std::error_code error;
    const auto changed = fs::last_write_time(folder_, error);
    if (!error && changed_ == changed) {
        return false;
    }
    const bool settled = !error && fs::file_time_type::clock::now() - changed > settled_after;
    changed_ = settled ? std::optional(changed) : std::nullopt;
    entries_ = read_folder();
    return true;
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

}  // namespace threadrunner::model
