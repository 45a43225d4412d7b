#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/paths.h"
#include "base/settings_file.h"
#include "base/standard_descriptors.h"
#include "base/unique_fd.h"
#include "base/version.h"
#include "daemon/daemon.h"
#include "daemon/service_manager.h"

namespace threadrunner {
namespace {

struct CommandLine {
    std::optional<std::string> socket;
    std::vector<std::string> settings;  ///< KEY=VALUE
    int ready_fd = -1;
};

/// How whoever started us learns that we serve, or why not: one line, then the pipe closes.
class ReadyPipe {
public:
    explicit ReadyPipe(int fd) : fd_(fd) {}

    void ready() { say("ready\n"); }
    void failed(const Error& error) {
        say("error " + std::string(traits(error.code).name) + " " + error.message + "\n");
    }

private:
    void say(const std::string& line) {
        if (fd_) {
            [[maybe_unused]] const auto written = ::write(fd_.get(), line.data(), line.size());
            fd_.reset();
        }
    }

    UniqueFd fd_;
};

/// The usual soft limit of 1,024 is less than the connections that we allow.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// Holds the home for the life of the daemon and writes our pid into the lock.
Result<UniqueFd> lock_home(const Home& home) {
    auto lock = try_lock(home.daemon_lock());
    if (!lock) {
        return std::unexpected(lock.error());
    }
    if (!*lock) {
        return fail(ErrorCode::conflict, "another daemon already serves " + home.root.string() +
                                             "; stop it with `threadrunner stop`");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // For people; on a full disk the lock does without.
    if (::ftruncate((*lock)->get(), 0) != 0 ||
        ::write((*lock)->get(), pid.data(), pid.size()) < 0) {
        std::fprintf(stderr, "threadrunner-daemon: %s\n",
                     system_message("cannot write " + home.daemon_lock().string(), errno).c_str());
    }
    return *std::move(*lock);
}

/// A log that cannot be written for want of room is no reason not to serve.
Result<void> open_log(const Home& home, const Settings& settings) {
    auto opened = log::open(home.logs(), log_options(settings));
    if (!opened && opened.error().code == ErrorCode::disk_full) {
        log::warn("daemon", "{}; lines are lost until there is room", opened.error().message);
        return {};
    }
    return opened;
}

Result<void> run_daemon(Daemon::Options options, ServiceManager& manager, ReadyPipe& pipe) {
    std::vector<UniqueFd> sockets = manager.take_sockets();
    if (!sockets.empty()) {
        options.socket = socket_name(sockets.front());
    }
    const std::filesystem::path home = options.home.root;
    Daemon daemon(std::move(options), manager);
    if (auto started = daemon.start(std::move(sockets)); !started) {
        log::error("daemon", "cannot start: {}", started.error().message);
        return started;
    }
    log::info("daemon", "version {} serves {}, pid {}", version, home.string(), ::getpid());
    pipe.ready();
    manager.ready();
    daemon.run();
    log::info("daemon", "stopped");
    return {};
}

Result<void> serve(const CommandLine& given, ReadyPipe& pipe) {
    auto manager = ServiceManager::find();
    auto home = find_home();
    if (!manager || !home) {
        return std::unexpected(manager ? home.error() : manager.error());
    }
    auto socket = socket_path(*home, given.socket);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    if (auto created = create_home(*home); !created) {
        return created;
    }
    auto lock = lock_home(*home);
    if (!lock) {
        return std::unexpected(lock.error());
    }
    auto settings = read_settings(*home, given.settings);
    if (!settings) {
        return std::unexpected(settings.error());
    }
    if (auto opened = open_log(*home, settings->values); !opened) {
        return opened;
    }
    return run_daemon(
        {.home = *home,
         .socket = std::filesystem::absolute(*socket),
         .flags = given.settings,
         .settings = *settings,
         .v1_defaults = {.backend = environment("THREADRUNNER_BACKEND").value_or("llama"),
                         .model = environment("THREADRUNNER_MODEL_PATH").value_or("")}},
        *manager, pipe);
}

int run(int argc, char** argv) {
    CLI::App app(
        "The ThreadRunner daemon. `threadrunner` starts it when it is needed; run it by "
        "hand with `threadrunner serve`.");
    CommandLine given;
    app.add_option("--socket", given.socket, "listen here rather than in the home");
    app.add_option("--set", given.settings, "KEY=VALUE, a setting; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--ready-fd", given.ready_fd, "write one line to this descriptor when ready");
    app.set_version_flag("--version", std::string(version));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a log at a limit of its size is a full disk, no reason to end
    raise_descriptor_limit();
    ReadyPipe pipe(given.ready_fd);
    const auto served = serve(given, pipe);
    log::close();
    if (!served) {
        pipe.failed(served.error());
        std::fprintf(stderr, "threadrunner-daemon: %s\n", served.error().message.c_str());
        return static_cast<int>(traits(served.error().code).exit_code);
    }
    return 0;
}

}  // namespace
}  // namespace threadrunner

int main(int argc, char** argv) {
    threadrunner::open_standard_descriptors();
    try {
        return threadrunner::run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "threadrunner-daemon: %s\n", error.what());
        return 1;
    }
}
