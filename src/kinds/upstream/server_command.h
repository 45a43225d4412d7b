#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"
#include "worker/process.h"

namespace threadrunner {

/// How a llama-server is to serve a model.
struct ServerOptions {
    std::filesystem::path model;
    std::uint64_t gpu_layers = 0;
    std::uint64_t context = 0;  ///< tokens a slot
    std::uint64_t threads = 1;
    std::uint64_t slots = 1;
    std::uint64_t cache_mib = 0;
    bool embeds = false;
    bool pools = false;  ///< the model says how the vectors of its tokens become one
    std::vector<std::string> more = {};  ///< arguments of this model
};

/// The command that starts one on this machine only: settings.upstream_program with the arguments
/// that every llama-server knows and those of settings.upstream_args. What must not be seen, and
/// what only some versions know, is in its environment.
[[nodiscard]] Result<Command> server_command(const Settings& settings, const ServerOptions& options,
                                             std::uint16_t port, const std::string& key);

/// A TCP port of the loopback that nobody uses at the moment.
[[nodiscard]] Result<std::uint16_t> free_port();

}  // namespace threadrunner
