#include "daemon/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/number.h"
#include "base/paths.h"

namespace threadrunner {
namespace {

constexpr int first_fd = 3;  ///< SD_LISTEN_FDS_START
constexpr int sockets_max = 64;

std::optional<std::uint64_t> take_number(const char* name) {
    const auto text = environment(name);
    ::unsetenv(name);
    return text ? number_from<std::uint64_t>(*text) : std::nullopt;
}

/// Whether a variable that names a process means us; without it, everybody is meant.
bool is_for_us(std::optional<std::uint64_t> pid) {
    return !pid || *pid == static_cast<std::uint64_t>(::getpid());
}

bool is_listening_unix_stream(int fd) {
    const auto option = [fd](int name) {
        int value = -1;
        socklen_t size = sizeof value;
        return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
    };
    return option(SO_DOMAIN) == AF_UNIX && option(SO_TYPE) == SOCK_STREAM &&
           option(SO_ACCEPTCONN) == 1;
}

Result<std::vector<UniqueFd>> inherited_sockets() {
    const auto pid = take_number("LISTEN_PID");
    const auto count = take_number("LISTEN_FDS");
    ::unsetenv("LISTEN_FDNAMES");
    std::vector<UniqueFd> out;
    if (!pid || !is_for_us(pid) || !count || *count > sockets_max) {
        return out;
    }
    for (int fd = first_fd; fd < first_fd + static_cast<int>(*count); ++fd) {
        UniqueFd owned(fd);
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (!is_listening_unix_stream(fd)) {
            return fail(ErrorCode::invalid_request,
                        "the service manager handed over descriptor " + std::to_string(fd) +
                            ", which is no Unix stream socket that listens; in a .socket unit "
                            "write ListenStream= with a path");
        }
        out.push_back(std::move(owned));
    }
    return out;
}

}  // namespace

Result<ServiceManager> ServiceManager::find() {
    auto sockets = inherited_sockets();
    if (!sockets) {
        return std::unexpected(sockets.error());
    }
    ServiceManager out;
    out.sockets_ = *std::move(sockets);
    out.address_ = environment("NOTIFY_SOCKET").value_or("");
    ::unsetenv("NOTIFY_SOCKET");
    const auto timeout = take_number("WATCHDOG_USEC");
    const auto watched = take_number("WATCHDOG_PID");
    if (timeout && *timeout > 0 && is_for_us(watched) && !out.address_.empty()) {
        // sd_watchdog_enabled(3) recommends half of the time.
        out.alive_every_ = std::chrono::microseconds((*timeout + 1) / 2);
    }
    return out;
}

std::vector<UniqueFd> ServiceManager::take_sockets() { return std::exchange(sockets_, {}); }

void ServiceManager::ready() { notify("READY=1"); }

void ServiceManager::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    constexpr std::int64_t million = 1'000'000;
    const std::int64_t usec = now.tv_sec * million + now.tv_nsec / 1000;
    notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

void ServiceManager::stopping() { notify("STOPPING=1"); }

void ServiceManager::alive() { notify("WATCHDOG=1"); }

std::filesystem::path socket_name(const UniqueFd& socket) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    const bool named =
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        size > offsetof(sockaddr_un, sun_path) && address.sun_path[0] != '\0';
    return named ? std::filesystem::path(address.sun_path) : std::filesystem::path();
}

void ServiceManager::notify(std::string_view message) const {
    sockaddr_un address{};
    if (address_.empty() || address_.size() >= sizeof address.sun_path) {
        return;
    }
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, address_.data(), address_.size());
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0';  // a name without a file
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    [[maybe_unused]] const auto sent =
        ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace threadrunner
