#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace threadrunner {

/// Where one installation keeps its files. Two homes are two daemons that never meet.
struct Home {
    std::filesystem::path root;

    [[nodiscard]] std::filesystem::path models() const { return root / "models"; }
    /// Unfinished downloads, each with its journal.
    [[nodiscard]] std::filesystem::path pulls() const { return models() / ".pulls"; }
    [[nodiscard]] std::filesystem::path cache() const { return root / "cache"; }
    [[nodiscard]] std::filesystem::path logs() const { return cache() / "logs"; }
    [[nodiscard]] std::filesystem::path config_file() const { return root / "config.toml"; }
    [[nodiscard]] std::filesystem::path models_file() const { return root / "models.toml"; }
    [[nodiscard]] std::filesystem::path chat_history() const { return root / "chat_history"; }
    [[nodiscard]] std::filesystem::path run() const { return root / "run"; }
    [[nodiscard]] std::filesystem::path socket() const { return run() / "daemon.sock"; }
    [[nodiscard]] std::filesystem::path http_socket() const { return run() / "http.sock"; }
    /// Where HTTP is really served, an address a line.
    [[nodiscard]] std::filesystem::path http_addresses() const { return run() / "http.addr"; }
    [[nodiscard]] std::filesystem::path daemon_lock() const { return run() / "daemon.lock"; }
    [[nodiscard]] std::filesystem::path start_lock() const { return run() / "start.lock"; }
    /// Today's log by the local date: threadrunner-daemon-YYYY-MM-DD.log.
    [[nodiscard]] std::filesystem::path log_file_today() const;
};

/// The home: $THREADRUNNER_HOME, else ~/.threadrunner (from $HOME, else the user database).
/// Absolute.
[[nodiscard]] Result<Home> find_home();

/// Creates the home's directories, each 0700. An existing home that others may write to is refused.
[[nodiscard]] Result<void> create_home(const Home& home);

/// The socket of a daemon: `flag` (from --socket) if given, else $THREADRUNNER_SOCKET, else the
/// home's. An error when the path does not fit in sockaddr_un (107 bytes): connect() would cut it
/// silently.
[[nodiscard]] Result<std::filesystem::path> socket_path(const Home& home,
                                                        const std::optional<std::string>& flag);

/// Whether a socket can have this name: see socket_path().
[[nodiscard]] Result<void> check_socket_path(const std::filesystem::path& path);

/// Takes an exclusive lock on a file that it creates 0600 if need be, without waiting. An empty
/// optional means that another process holds it. The lock lives as long as the descriptor.
[[nodiscard]] Result<std::optional<UniqueFd>> try_lock(const std::filesystem::path& file);

/// A file of this installation's programs: next to the running executable, in its sibling lib
/// directory (`../libexec/threadrunner`), else an error that names the places searched.
[[nodiscard]] Result<std::filesystem::path> find_program(const std::string& name);

/// An environment variable, empty counts as unset.
[[nodiscard]] std::optional<std::string> environment(const char* name);

}  // namespace threadrunner
