#include "door/peer.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/unique_fd.h"

namespace threadrunner {
namespace {

using IpBytes = std::array<std::uint32_t, 4>;  ///< as the kernel's table has them

/// One end of a connection.
struct End {
    std::uint8_t family = 0;
    std::uint16_t port = 0;  ///< in the network's order
    IpBytes ip{};
};

std::optional<End> end_of(const sockaddr_storage& address) {
    End out;
    if (address.ss_family == AF_INET) {
        sockaddr_in ip4{};
        std::memcpy(&ip4, &address, sizeof ip4);
        out.port = ip4.sin_port;
        out.ip[0] = ip4.sin_addr.s_addr;
    } else if (address.ss_family == AF_INET6) {
        sockaddr_in6 ip6{};
        std::memcpy(&ip6, &address, sizeof ip6);
        out.port = ip6.sin6_port;
        std::memcpy(out.ip.data(), &ip6.sin6_addr, sizeof out.ip);
    } else {
        return std::nullopt;
    }
    out.family = static_cast<std::uint8_t>(address.ss_family);
    return out;
}

/// The owner of the TCP socket that is bound to `local` and connected to `remote`.
std::optional<uid_t> owner_of_socket(const End& local, const End& remote) {
    struct {
        nlmsghdr head{};
        inet_diag_req_v2 body{};
    } request;
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.head.nlmsg_flags = NLM_F_REQUEST;
    request.body.sdiag_family = local.family;
    request.body.sdiag_protocol = IPPROTO_TCP;
    request.body.idiag_states = ~std::uint32_t{0};
    request.body.id.idiag_sport = local.port;
    request.body.id.idiag_dport = remote.port;
    std::ranges::copy(local.ip, request.body.id.idiag_src);
    std::ranges::copy(remote.ip, request.body.id.idiag_dst);
    std::ranges::fill(request.body.id.idiag_cookie, INET_DIAG_NOCOOKIE);

    const UniqueFd table(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    // the kernel answers within send(): nothing is waited for
    if (!table || ::send(table.get(), &request, sizeof request, 0) < 0) {
        return std::nullopt;
    }
    alignas(nlmsghdr) std::array<char, 1024> answer{};
    const ssize_t got = ::recv(table.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    nlmsghdr head{};
    inet_diag_msg found{};
    if (got < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof found)) {
        return std::nullopt;
    }
    std::memcpy(&head, answer.data(), sizeof head);
    std::memcpy(&found, answer.data() + NLMSG_HDRLEN, sizeof found);
    // TIME_WAIT and its like, and sockets that nobody holds, have no owner and say 0
    const bool lives = head.nlmsg_type == SOCK_DIAG_BY_FAMILY && found.idiag_inode != 0;
    return lives ? std::optional<uid_t>(found.idiag_uid) : std::nullopt;
}

}  // namespace

std::optional<std::string> peer_session(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != ::geteuid()) {
        return std::nullopt;
    }
    const pid_t session = ::getsid(peer.pid);
    return "session:" + std::to_string(session > 0 ? session : peer.pid);
}

bool peer_is_own_user(int fd) {
    sockaddr_storage here{};
    sockaddr_storage there{};
    socklen_t here_size = sizeof here;
    socklen_t there_size = sizeof there;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &here_size) != 0 ||
        ::getpeername(fd, reinterpret_cast<sockaddr*>(&there), &there_size) != 0) {
        return false;
    }
    const auto local = end_of(there);  // the socket in question is the other one
    const auto remote = end_of(here);
    return local && remote && owner_of_socket(*local, *remote) == ::geteuid();
}

}  // namespace threadrunner
