#include "kinds/upstream/server_command.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "base/paths.h"
#include "base/unique_fd.h"
#include "base/words.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;

/// Arguments that would lead the server away from where we look for it, or show its key to all.
constexpr std::array<std::string_view, 10> ours = {
    "--host", "--port",       "--api-key",      "--api-key-file",  "--model",
    "-m",     "--api-prefix", "--ssl-key-file", "--ssl-cert-file", "--models-dir"};

bool is_program(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

/// A path as it is; a name beside our own programs, else in the PATH.
Result<fs::path> find_server(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        if (is_program(name)) {
            return fs::absolute(name);
        }
        return fail(ErrorCode::not_supported,
                    "upstream.program names " + name + ", which is no program");
    }
    if (auto installed = find_program(name)) {
        return installed;
    }
    const std::string path = environment("PATH").value_or("");
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        fs::path candidate = fs::path(path.substr(at, end - at)) / name;
        if (candidate.is_absolute() && is_program(candidate)) {
            return candidate;
        }
        at = end + 1;
    }
    return fail(ErrorCode::not_supported,
                "there is no program '" + name +
                    "' in the PATH: install llama.cpp's server, name it with upstream.program, or "
                    "let upstream.url lead to a server that runs");
}

}  // namespace

Result<std::uint16_t> free_port() {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (!socket || ::bind(socket.get(), any, size) != 0 ||
        ::getsockname(socket.get(), any, &size) != 0) {
        return fail_system(ErrorCode::internal, "cannot find a free port for a server", errno);
    }
    return ::ntohs(address.sin_port);
}

Result<Command> server_command(const Settings& settings, const ServerOptions& options,
                               std::uint16_t port, const std::string& key) {
    auto program = find_server(settings.upstream_program);
    auto more = split_words(settings.upstream_args);
    if (!program || !more) {
        return !program ? std::unexpected(program.error())
                        : fail(more.error().code, "upstream.args: " + more.error().message);
    }
    for (const std::string& word : *more) {
        const std::string_view name = std::string_view(word).substr(0, word.find('='));
        if (std::find(ours.begin(), ours.end(), name) != ours.end()) {
            return fail(ErrorCode::invalid_request,
                        "upstream.args has " + std::string(name) +
                            ", which is the daemon's to choose; a server with an address of its "
                            "own is for upstream.url");
        }
    }
    Command command{
        .program = *std::move(program),
        .arguments = {"--model", options.model.string(), "--host", "127.0.0.1", "--port",
                      std::to_string(port), "--n-gpu-layers", std::to_string(options.gpu_layers),
                      "--ctx-size", std::to_string(options.context * options.slots), "--threads",
                      std::to_string(options.threads), "--parallel", std::to_string(options.slots)},
        .environment = {"LLAMA_API_KEY=" + key,
                        "LLAMA_ARG_CACHE_RAM=" + std::to_string(options.cache_mib)},
        .speaks_frames = false};
    if (options.embeds) {
        // A vector is computed in one batch, which must hold the longest text.
        const std::string batch = std::to_string(options.context);
        command.environment.insert(
            command.environment.end(),
            {"LLAMA_ARG_EMBEDDINGS=1", "LLAMA_ARG_BATCH=" + batch, "LLAMA_ARG_UBATCH=" + batch});
        if (!options.pools) {
            command.environment.emplace_back("LLAMA_ARG_POOLING=mean");
        }
    }
    command.arguments.insert(command.arguments.end(), options.more.begin(), options.more.end());
    command.arguments.insert(command.arguments.end(), more->begin(), more->end());
    return command;
}

}  // namespace threadrunner
