#include "cli/daemon_address.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

/// The system tells nobody when a full backlog has room again.
constexpr auto retry_every = std::chrono::milliseconds(10);

Result<fs::path> make_absolute(const fs::path& path) {
    std::error_code error;
    fs::path out = fs::absolute(path, error);
    if (error) {
        return fail_system(ErrorCode::internal, "cannot resolve " + path.string(), error.value());
    }
    return out.lexically_normal();
}

Result<Home> home_of(const Options& options) {
    if (!options.home) {
        return find_home();
    }
    auto root = make_absolute(*options.home);
    if (!root) {
        return std::unexpected(root.error());
    }
    return Home{*std::move(root)};
}

sockaddr_un unix_address(const fs::path& socket) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    std::strncpy(out.sun_path, socket.c_str(), sizeof(out.sun_path) - 1);
    return out;
}

}  // namespace

Result<DaemonAddress> find_daemon_address(const Options& options) {
    auto home = home_of(options);
    if (!home) {
        return std::unexpected(home.error());
    }
    const auto given = socket_path(*home, options.socket);
    if (!given) {
        return std::unexpected(given.error());
    }
    const auto whole = make_absolute(*given);
    if (!whole) {
        return std::unexpected(whole.error());
    }
    // Again, since the daemon, whose directory is another, gets the absolute path, which is longer.
    auto socket = socket_path(*home, whole->string());
    if (!socket) {
        return std::unexpected(socket.error());
    }
    return DaemonAddress{.home = *std::move(home), .socket = *std::move(socket)};
}

Result<UniqueFd> connect_running(const fs::path& socket, Clock::time_point deadline) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        return fail_system(ErrorCode::unreachable, "cannot create a socket", errno);
    }
    const sockaddr_un address = unix_address(socket);
    while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) {
            return UniqueFd();
        }
        if (errno != EAGAIN && errno != EINTR) {
            return fail_system(ErrorCode::unreachable, "cannot connect to " + socket.string(),
                               errno);
        }
        if (Clock::now() >= deadline) {
            return fail(ErrorCode::timeout, "the daemon at " + socket.string() +
                                                " does not accept connections: too many wait");
        }
        std::this_thread::sleep_for(retry_every);
    }
    return fd;
}

}  // namespace threadrunner::cli
