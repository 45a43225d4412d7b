#include "job/job.h"

#include <filesystem>

#include "base/number.h"

namespace threadrunner {

std::string job_name(JobId id) { return "j" + std::to_string(id); }

std::optional<JobId> job_id_from(std::string_view name) {
    return name.starts_with('j') ? number_from<JobId>(name.substr(1)) : std::nullopt;
}

std::string Target::label() const {
    std::string out = kind;
    if (!name.empty()) {
        out += ":" + std::filesystem::path(name).filename().string();
    }
    if (!profile.empty()) {
        out += "#" + profile;
    }
    return out;
}

}  // namespace threadrunner
