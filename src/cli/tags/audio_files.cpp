#include "cli/tags/audio_files.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "base/tool_limits.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 20> endings = {
    ".mp3", ".flac", ".ogg",  ".oga",  ".opus", ".spx", ".m4a", ".m4b", ".mp4", ".aac",
    ".wav", ".aif",  ".aiff", ".aifc", ".wma",  ".asf", ".ape", ".wv",  ".mpc", ".tta"};

bool is_audio(const fs::path& path) {
    return std::ranges::count(endings, small_letters(path.extension().string())) > 0;
}

bool is_within(const fs::path& path, const fs::path& folder) {
    return std::ranges::mismatch(folder, path).in1 == folder.end();
}

class Search {
public:
    AudioFiles found;

    void look(const std::string& word) {
        std::error_code error;
        const fs::path real = fs::canonical(word, error);
        if (error) {
            found.faults.emplace_back(word, error.message());
        } else if (fs::is_directory(real, error)) {
            look_into(word, real);
        } else {
            add(word, real);
        }
    }

    /// Only the outermost folders.
    void tidy() {
        std::vector<fs::path>& folders = found.folders;
        std::ranges::sort(folders);
        std::vector<fs::path> out;
        for (fs::path& folder : folders) {
            if (out.empty() || !is_within(folder, out.back())) {
                out.push_back(std::move(folder));
            }
        }
        folders = std::move(out);
    }

private:
    void look_into(const std::string& word, const fs::path& real) {
        found.folders.push_back(real);
        std::vector<fs::path> paths;
        std::error_code error;
        fs::recursive_directory_iterator it(word, fs::directory_options::skip_permission_denied,
                                            error);
        for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
            std::error_code ignored;
            if (is_audio(it->path()) && !it->is_directory(ignored)) {
                paths.push_back(it->path());
            }
        }
        if (error) {
            found.faults.emplace_back(word, error.message());
        }
        std::ranges::sort(paths);
        for (const fs::path& path : paths) {
            const fs::path target = fs::canonical(path, error);
            if (error) {
                found.faults.emplace_back(path.string(), error.message());
            } else {
                add(path.string(), target);
            }
        }
    }

    void add(const std::string& shown, const fs::path& real) {
        found.files.push_back({.shown = shown, .path = real});
        const fs::path folder = real.parent_path();
        if (found.folders.empty() || !is_within(folder, found.folders.back())) {
            found.folders.push_back(folder);
        }
    }
};

}  // namespace

AudioFiles find_audio_files(const std::vector<std::string>& words) {
    Search search;
    for (const std::string& word : words) {
        search.look(word);
    }
    search.tidy();
    return std::move(search.found);
}

Result<wire::Json> folder_grants(const std::vector<fs::path>& folders, bool writable) {
    // a few are left for the tool's own
    constexpr std::size_t most = limits::tool_grants_max / 2;
    if (folders.size() > most) {
        return fail(ErrorCode::invalid_request, "files of " + std::to_string(folders.size()) +
                                                    " folders are too many at once (" +
                                                    std::to_string(most) +
                                                    " are not); name a folder that holds them");
    }
    wire::Json out = wire::Json::array();
    for (const fs::path& folder : folders) {
        out.push_back({{"host", folder.string()}, {"mode", writable ? "rw" : "ro"}});
    }
    return out;
}

}  // namespace threadrunner::cli
