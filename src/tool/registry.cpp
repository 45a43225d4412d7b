#include "tool/registry.h"

#include <sys/stat.h>

#include <set>
#include <system_error>
#include <utility>

#include "tool/folders.h"

namespace threadrunner::tool {
namespace {

namespace fs = std::filesystem;

/// The folders in a folder that may hold tools; one whose name begins with a dot is on its way.
std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> out;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename().string();
        if (!name.starts_with('.') && it->is_directory(error)) {
            out.insert(name);
        }
    }
    return out;
}

bool holds_tool(const fs::path& folder) {
    std::error_code error;
    return fs::exists(folder / manifest_name, error);
}

}  // namespace

Registry::Registry(const Home& home) : Registry(installed_folder(home), shipped_folders()) {}

Registry::Registry(fs::path installed, std::vector<fs::path> shipped)
    : installed_(std::move(installed)), shipped_(std::move(shipped)) {}

std::vector<Registry::Entry> Registry::list() const {
    std::set<std::string> names = names_in(installed_);
    for (const fs::path& folder : shipped_) {
        for (const std::string& name : names_in(folder)) {
            if (holds_tool(folder / name)) {
                names.insert(name);
            }
        }
    }
    std::vector<Entry> out;
    for (const std::string& name : names) {
        out.push_back({.name = name, .tool = find(name)});
    }
    return out;
}

Result<Tool> Registry::find(const std::string& name) const {
    if (auto checked = check_name(name); !checked) {
        return std::unexpected(checked.error());
    }
    if (std::error_code error; fs::exists(installed_ / name, error)) {
        return read(installed_ / name, false);
    }
    for (const fs::path& folder : shipped_) {
        if (holds_tool(folder / name)) {
            return read(folder / name, true);
        }
    }
    std::string known;
    for (const Entry& entry : list()) {
        known += (known.empty() ? "there are: " : ", ") + entry.name;
    }
    return fail(ErrorCode::not_found,
                "there is no tool '" + name + "'; " +
                    (known.empty() ? "install one: threadrunner tool install DIR" : known));
}

Result<Tool> Registry::read(const fs::path& folder, bool shipped) const {
    struct stat status{};
    Stamp stamp{};
    if (::stat((folder / manifest_name).c_str(), &status) == 0) {
        constexpr std::uint64_t nanoseconds = 1'000'000'000;
        stamp = {static_cast<std::uint64_t>(status.st_mtim.tv_sec) * nanoseconds +
                     static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
                 static_cast<std::uint64_t>(status.st_size), status.st_ino};
    }
    auto found = read_.find(folder);
    if (found == read_.end() || found->second.stamp != stamp) {
        found =
            read_.insert_or_assign(folder, Read{.stamp = stamp, .manifest = read_manifest(folder)})
                .first;
    }
    const Result<Manifest>& manifest = found->second.manifest;
    if (!manifest) {
        return std::unexpected(manifest.error());
    }
    if (manifest->name != folder.filename()) {
        return fail(ErrorCode::invalid_request, (folder / manifest_name).string() +
                                                    ": the tool is called '" + manifest->name +
                                                    "' and its folder is not; rename one of them");
    }
    return Tool{.manifest = *manifest, .folder = folder, .shipped = shipped};
}

}  // namespace threadrunner::tool
