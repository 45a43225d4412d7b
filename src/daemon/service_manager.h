#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace threadrunner {

/// systemd, or another that speaks its protocol, if one has started this process: sockets that it
/// listens at for us (sd_listen_fds(3)), and what we tell it about us (sd_notify(3)). The protocol
/// is some environment variables and datagrams; libsystemd would be seven libraries for it. For one
/// thread; nothing here blocks.
class ServiceManager {
public:
    /// Takes what the environment says for this process, and removes it, so that no child finds it.
    /// Call once, before the first thread. An error: a socket that we cannot serve.
    [[nodiscard]] static Result<ServiceManager> find();

    /// Sockets that already listen: Unix stream sockets. The first call gets them.
    [[nodiscard]] std::vector<UniqueFd> take_sockets();

    void ready();
    void reloading();
    void stopping();
    void alive();

    /// How often alive() is to be called; nothing: nobody watches.
    [[nodiscard]] std::optional<std::chrono::microseconds> alive_every() const {
        return alive_every_;
    }

private:
    void notify(std::string_view message) const;

    std::string address_;  ///< of the datagram socket; empty: nobody wants to know
    std::optional<std::chrono::microseconds> alive_every_;
    std::vector<UniqueFd> sockets_;
};

/// The path that a listening Unix socket has; empty when it has none.
[[nodiscard]] std::filesystem::path socket_name(const UniqueFd& socket);

}  // namespace threadrunner
