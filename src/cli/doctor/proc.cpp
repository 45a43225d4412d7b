#include "cli/doctor/proc.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <system_error>

#include "base/number.h"
#include "base/small_file.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

/// The value of NAME=value in an environment, whose variables end in zero bytes.
std::string variable_in(std::string_view variables, std::string_view name) {
    while (!variables.empty()) {
        const std::string_view one = variables.substr(0, variables.find('\0'));
        if (one.starts_with(name)) {
            return std::string(one.substr(name.size()));
        }
        variables.remove_prefix(std::min(one.size() + 1, variables.size()));
    }
    return {};
}

/// The parent's number stands after the name, which may hold anything, in brackets.
pid_t parent_in(std::string_view stat) {
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string_view::npos || stat.size() < name_end + 4) {
        return 0;
    }
    const std::string_view rest = stat.substr(name_end + 4);  // ") S "
    return number_from<pid_t>(rest.substr(0, rest.find(' '))).value_or(0);
}

}  // namespace

std::optional<std::string> field_of(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const std::size_t colon = line.find(':');
        const std::string_view key = line.substr(0, std::min(line.find_first_of(" \t:"), colon));
        if (colon != std::string_view::npos && key == name) {
            const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
            return std::string(begin == std::string_view::npos ? "" : line.substr(begin));
        }
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return std::nullopt;
}

std::vector<ProcessFacts> our_processes() {
    std::vector<ProcessFacts> out;
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
        const auto pid = number_from<pid_t>(it->path().filename().string());
        std::error_code hidden;
        const fs::path program = pid ? fs::read_symlink(it->path() / "exe", hidden) : fs::path();
        if (!program.filename().string().starts_with("threadrunner-")) {
            continue;
        }
        const auto variables = read_small_file(it->path() / "environ").value_or("");
        out.push_back({.pid = *pid,
                       .parent = parent_in(read_small_file(it->path() / "stat").value_or("")),
                       .program = program.filename().string(),
                       .home = variable_in(variables, "THREADRUNNER_HOME=")});
    }
    return out;
}

bool is_locked(const fs::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) {
        return false;
    }
    // "1: FLOCK ADVISORY WRITE 4711 fe:01:123456 0 EOF", the device in hexadecimal digits
    std::array<char, 64> device{};
    std::snprintf(device.data(), device.size(), " %02x:%02x:%llu ", major(status.st_dev),
                  minor(status.st_dev), static_cast<unsigned long long>(status.st_ino));
    std::istringstream locks(read_small_file("/proc/locks").value_or(""));
    for (std::string line; std::getline(locks, line);) {
        // one that waits has an arrow in front of its kind
        if (line.find(" FLOCK ") != std::string::npos && line.find("->") == std::string::npos &&
            line.find(device.data()) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace threadrunner::cli
