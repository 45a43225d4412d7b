#include "base/log_file.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <system_error>
#include <utility>
#include <vector>

namespace threadrunner::log {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "threadrunner-daemon-";
constexpr std::string_view suffix = ".log";
constexpr std::string_view date_pattern = "dddd-dd-dd";

/// As a daemon leaves it that is killed while it writes.
bool ends_mid_line(int fd) {
    struct stat status{};
    char last = '\n';
    return ::fstat(fd, &status) == 0 && status.st_size > 0 &&
           ::pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

}  // namespace

std::string day_file_name(Time time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return fmt::format("{}{:%Y-%m-%d}{}", prefix, local, suffix);
}

bool is_day_file_name(std::string_view name) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
        name.size() != prefix.size() + date_pattern.size() + suffix.size()) {
        return false;
    }
    return std::ranges::equal(
        name.substr(prefix.size(), date_pattern.size()), date_pattern,
        [](char c, char wanted) { return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted; });
}

void DayFiles::append(std::string_view line, Time time) {
    if (auto turned = turn_to(time); !turned && !fd_) {
        ++lost_;
        return;
    }
    if (lost_ > 0) {
        const std::string reason = std::error_code(fault_, std::generic_category()).message();
        const std::string message = fmt::format("{} lines were lost: {}", lost_, reason);
        const Line note{.level = Level::error, .target = "log", .message = message};
        if (!write(plain_line(note, time))) {
            ++lost_;
            return;
        }
        lost_ = 0;
    }
    if (!write(line)) {
        fault_ = errno;
        ++lost_;
    }
}

Result<void> DayFiles::turn_to(Time time) {
    std::string name = day_file_name(time);
    if (fd_ && name == name_) {
        return {};
    }
    const fs::path path = directory_ / name;
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) {
        fault_ = errno;
        return fail_system(ErrorCode::internal, "cannot write the log " + path.string(), errno);
    }
    fd_ = std::move(fd);
    name_ = std::move(name);
    mid_line_ = ends_mid_line(fd_.get());
    delete_old();
    return {};
}

bool DayFiles::write(std::string_view text) {
    std::string whole(mid_line_ ? "\n" : "");
    whole.append(text).append("\n");
    const ssize_t wrote = ::write(fd_.get(), whole.data(), whole.size());
    if (wrote > 0) {
        mid_line_ = static_cast<std::size_t>(wrote) < whole.size();
    }
    if (wrote >= 0 && mid_line_) {
        errno = ENOSPC;  // what a second attempt would most likely say
    }
    return wrote > 0 && !mid_line_;
}

void DayFiles::delete_old() const {
    std::vector<std::string> others;
    std::error_code error;
    for (auto at = fs::directory_iterator(directory_, error);
         !error && at != fs::directory_iterator(); at.increment(error)) {
        std::string name = at->path().filename().string();
        std::error_code ignored;
        if (is_day_file_name(name) && name != name_ && at->is_regular_file(ignored)) {
            others.push_back(std::move(name));
        }
    }
    std::ranges::sort(others);  // the date in the name sorts as it passes
    const std::size_t kept = kept_ > 0 ? kept_ - 1 : 0;
    for (std::size_t i = 0; i + kept < others.size(); ++i) {
        fs::remove(directory_ / others[i], error);
    }
}

}  // namespace threadrunner::log
