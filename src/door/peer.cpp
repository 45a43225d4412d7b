#include "door/peer.h"

#include <sys/socket.h>
#include <unistd.h>

namespace threadrunner {

std::optional<std::string> peer_session(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != ::geteuid()) {
        return std::nullopt;
    }
    const pid_t session = ::getsid(peer.pid);
    return "session:" + std::to_string(session > 0 ? session : peer.pid);
}

}  // namespace threadrunner
