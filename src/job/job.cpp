#include "job/job.h"

#include <charconv>
#include <filesystem>

namespace threadrunner {

std::string job_name(JobId id) { return "j" + std::to_string(id); }

std::optional<JobId> job_id_from(std::string_view name) {
    if (!name.starts_with('j')) {
        return std::nullopt;
    }
    JobId id = 0;
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + 1, end, id);
    if (error != std::errc() || rest != end) {
        return std::nullopt;
    }
    return id;
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
