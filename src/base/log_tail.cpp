#include "base/log_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"

namespace threadrunner::log {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view log_prefix = "threadrunner-daemon-";
constexpr off_t tail_bytes_max = 16 * limits::mib;

UniqueFd open_for_reading(const fs::path& file) {
    return UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
}

std::string read_from(int fd, off_t offset, off_t size) {
    std::string out(static_cast<std::size_t>(size), '\0');
    const ssize_t got = ::pread(fd, out.data(), out.size(), offset);
    out.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return out;
}

/// Reads from the end twice as much each time, until it holds a line more than wanted, or
/// everything.
std::string read_tail(int fd, std::size_t count) {
    const off_t size = ::lseek(fd, 0, SEEK_END);
    for (off_t take = 64 * limits::kib; size > 0; take *= 2) {
        const off_t some = std::min({take, size, tail_bytes_max});
        const std::string text = read_from(fd, size - some, some);
        const std::string_view wanted = last_lines(text, count);
        if (wanted.size() < text.size() || some < take) {
            return std::string(wanted);
        }
    }
    return {};
}

}  // namespace

std::string_view last_lines(std::string_view text, std::size_t count) {
    if (count == 0) {
        return {};
    }
    std::size_t at = text.ends_with('\n') ? text.size() - 1 : text.size();
    while (at > 0) {
        at = text.rfind('\n', at - 1);
        if (at == std::string_view::npos) {
            return text;
        }
        if (--count == 0) {
            return text.substr(at + 1);
        }
    }
    return text;
}

std::vector<fs::path> day_logs(const Home& home) {
    std::vector<fs::path> out;
    std::error_code error;
    for (auto at = fs::directory_iterator(home.logs(), error);
         !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.starts_with(log_prefix) && name.ends_with(".log")) {
            out.push_back(at->path());
        }
    }
    std::ranges::sort(out);  // the date in the name sorts as it passes
    return out;
}

fs::path newest_log(const Home& home) {
    fs::path today = home.log_file_today();
    std::error_code error;
    if (fs::exists(today, error)) {
        return today;
    }
    const auto all = day_logs(home);
    return all.empty() ? today : all.back();
}

std::string tail_of_file(const fs::path& file, std::size_t count) {
    const UniqueFd fd = open_for_reading(file);
    return fd ? read_tail(fd.get(), count) : std::string();
}

LogFollower::LogFollower(const fs::path& file, std::optional<std::size_t> lines,
                         std::function<fs::path()> today)
    : today_(std::move(today)) {
    open(file);
    if (fd_ && lines) {
        const auto tail = static_cast<off_t>(read_tail(fd_.get(), *lines).size());
        ::lseek(fd_.get(), -tail, SEEK_END);
    }
}

void LogFollower::open(const fs::path& file) {
    file_ = file;
    fd_ = open_for_reading(file);
}

void LogFollower::read_rest(std::string& out) {
    std::array<char, 64 * limits::kib> buffer;
    ssize_t size = 0;
    while (fd_ && (size = ::read(fd_.get(), buffer.data(), buffer.size())) > 0) {
        out.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

std::string LogFollower::read_new() {
    std::string out;
    const fs::path today = today_();
    std::error_code error;
    const bool other_day = today != file_ && fs::exists(today, error);
    read_rest(out);
    if (other_day || (!fd_ && fs::exists(file_, error))) {
        open(other_day ? today : fs::path(file_));
        read_rest(out);
    }
    return out;
}

}  // namespace threadrunner::log
