#include "cli/doctor/models_check.h"

#include <algorithm>
#include <system_error>

#include "gguf/model_file.h"
#include "gguf/split_name.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* group = "models";
constexpr std::size_t faults_shown_max = 10;

/// A model's file, or the first of one that is split: the check looks at its parts.
bool begins_model(const fs::path& file) {
    const auto split = gguf::parse_split_name(file.filename().string());
    return file.extension() == ".gguf" && (!split || split->part == 1);
}

bool is_partial(const fs::path& file) {
    return file.extension() == ".part" || file.extension() == ".download" ||
           file.extension() == ".crdownload" || file.extension() == ".tmp";
}

}  // namespace

ModelsFacts look_at_models(const fs::path& folder, Clock::time_point deadline) {
    ModelsFacts facts{.folder = folder};
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const fs::path& file = it->path();
        if (is_partial(file)) {
            facts.partial.push_back(file.string());
        } else if (begins_model(file) && Clock::now() >= deadline) {
            ++facts.not_looked_at;
        } else if (begins_model(file)) {
            const auto model = gguf::check_model_file(file);
            facts.good += model ? 1 : 0;
            if (!model) {
                facts.faults.push_back(model.error().message);
            }
        }
    }
    std::ranges::sort(facts.faults);
    return facts;
}

Findings judge_models(const ModelsFacts& facts) {
    Findings out;
    const std::size_t shown = std::min(facts.faults.size(), faults_shown_max);
    for (std::size_t i = 0; i < shown; ++i) {
        out.push_back(
            {Health::warning, group, facts.faults[i], "remove the file, or fetch it again"});
    }
    if (facts.faults.size() > shown) {
        out.push_back({Health::warning, group,
                       std::to_string(facts.faults.size() - shown) +
                           " more files cannot be used: threadrunner models",
                       "remove them, or fetch them again"});
    }
    if (!facts.partial.empty()) {
        out.push_back({Health::note, group,
                       std::to_string(facts.partial.size()) +
                           " downloads are unfinished, such as " + facts.partial.front(),
                       "remove them if nothing is writing them"});
    }
    if (facts.good > 0) {
        out.push_back(
            {Health::ok, group, std::to_string(facts.good) + " in " + facts.folder.string(), {}});
    } else if (facts.faults.empty() && facts.not_looked_at == 0) {
        out.push_back({Health::note, group, "there are none in " + facts.folder.string(),
                       "put a GGUF file there, or name one: threadrunner -m FILE"});
    }
    if (facts.not_looked_at > 0) {
        out.push_back({Health::note,
                       group,
                       std::to_string(facts.not_looked_at) + " were not looked at: time was up",
                       {}});
    }
    return out;
}

}  // namespace threadrunner::cli
