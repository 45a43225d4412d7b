#include "base/paths.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <vector>

#include "base/private_directory.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;

Result<fs::path> user_directory() {
    if (auto home = environment("HOME")) {
        return fs::path(*home);
    }
    const passwd* entry = ::getpwuid(::getuid());
    if (entry == nullptr || entry->pw_dir == nullptr) {
        return fail(ErrorCode::internal,
                    "no home directory: neither $HOME nor the user database names one; set "
                    "THREADRUNNER_HOME to a directory of yours");
    }
    return fs::path(entry->pw_dir);
}

}  // namespace

std::filesystem::path Home::log_file_today() const {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 64> name{};
    std::strftime(name.data(), name.size(), "threadrunner-daemon-%Y-%m-%d.log", &local);
    return logs() / name.data();
}

Result<Home> find_home() {
    fs::path root;
    if (auto given = environment("THREADRUNNER_HOME")) {
        root = *given;
    } else {
        auto user = user_directory();
        if (!user) {
            return std::unexpected(user.error());
        }
        root = *user / ".threadrunner";
    }
    std::error_code error;
    auto absolute = fs::absolute(root, error);
    if (error) {
        return fail_system(ErrorCode::internal, "cannot resolve " + root.string(), error.value());
    }
    absolute = absolute.lexically_normal();
    // A trailing slash would make the home its own parent, which is created with other rights.
    return Home{absolute.has_filename() ? absolute : absolute.parent_path()};
}

Result<void> create_home(const Home& home) {
    for (const auto& directory :
         {home.root, home.models(), home.cache(), home.logs(), home.run()}) {
        if (auto created = create_private_directory(directory); !created) {
            return created;
        }
    }
    return {};
}

Result<std::filesystem::path> socket_path(const Home& home,
                                          const std::optional<std::string>& flag) {
    fs::path path = home.socket();
    if (flag) {
        path = *flag;
    } else if (auto given = environment("THREADRUNNER_SOCKET")) {
        path = *given;
    }
    if (auto checked = check_socket_path(path); !checked) {
        return std::unexpected(checked.error());
    }
    return path;
}

Result<void> check_socket_path(const std::filesystem::path& path) {
    constexpr std::size_t bytes_max = sizeof(sockaddr_un::sun_path) - 1;
    if (path.native().size() > bytes_max) {
        return fail(ErrorCode::invalid_request,
                    "the socket's path is too long (" + std::to_string(path.native().size()) +
                        " bytes, the system allows " + std::to_string(bytes_max) +
                        "): " + path.string() +
                        "; give a shorter one with --socket or THREADRUNNER_SOCKET");
    }
    return {};
}

Result<std::optional<UniqueFd>> try_lock(const std::filesystem::path& file) {
    UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) {
        return fail_system(ErrorCode::internal, "cannot open " + file.string(), errno);
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
        return std::optional(std::move(fd));
    }
    if (errno == EWOULDBLOCK) {
        return std::optional<UniqueFd>();
    }
    return fail_system(ErrorCode::internal, "cannot lock " + file.string(), errno);
}

Result<std::filesystem::path> find_program(const std::string& name) {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    if (error) {
        return fail_system(ErrorCode::internal, "cannot read /proc/self/exe", error.value());
    }
    const fs::path here = self.parent_path();
    const std::array places = {here / name, here.parent_path() / "libexec" / "threadrunner" / name};
    for (const fs::path& place : places) {
        if (::access(place.c_str(), X_OK) == 0) {
            return place;
        }
    }
    return fail(ErrorCode::not_found, name + " is not installed: neither " + places[0].string() +
                                          " nor " + places[1].string() + " can be executed");
}

std::optional<std::string> environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return std::string(value);
}

}  // namespace threadrunner
