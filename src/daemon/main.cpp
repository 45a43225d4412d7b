#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/paths.h"
#include "base/standard_descriptors.h"
#include "base/unique_fd.h"
#include "base/version.h"
#include "daemon/daemon.h"
#include "daemon/settings_file.h"

namespace threadrunner {
namespace {

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

Result<Settings> read_settings(const Home& home) {
    Settings settings;
    if (auto read = apply_settings_file(settings, home.config_file()); !read) {
        return std::unexpected(read.error());
    }
    if (auto read = apply_environment(settings); !read) {
        return std::unexpected(read.error());
    }
    // The other names under which a log filter may come, ours before everybody's.
    for (const char* name : {"RUST_LOG", "THREADRUNNER_LOG"}) {
        settings.log_filter = environment(name).value_or(settings.log_filter);
    }
    return settings;
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
    if (::ftruncate((*lock)->get(), 0) != 0 ||
        ::write((*lock)->get(), pid.data(), pid.size()) < 0) {
        return fail_system(ErrorCode::internal, "cannot write " + home.daemon_lock().string(),
                           errno);
    }
    return *std::move(*lock);
}

Result<void> serve(const std::optional<std::string>& socket_flag, ReadyPipe& pipe) {
    auto home = find_home();
    if (!home) {
        return std::unexpected(home.error());
    }
    auto socket = socket_path(*home, socket_flag);
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
    auto settings = read_settings(*home);
    if (!settings) {
        return std::unexpected(settings.error());
    }
    if (auto opened = log::open(home->logs(), settings->log_filter); !opened) {
        return opened;
    }
    Daemon daemon({.home = *home,
                   .socket = std::filesystem::absolute(*socket),
                   .settings = *settings,
                   .v1_defaults = {.backend = environment("THREADRUNNER_BACKEND").value_or("llama"),
                                   .model = environment("THREADRUNNER_MODEL_PATH").value_or("")}});
    if (auto started = daemon.start(); !started) {
        log::error("daemon", "cannot start: {}", started.error().message);
        return started;
    }
    log::info("daemon", "version {} serves {}, pid {}", version, home->root.string(), ::getpid());
    pipe.ready();
    daemon.run();
    log::info("daemon", "stopped");
    return {};
}

Result<void> list_settings() {
    const auto home = find_home();
    const auto settings = home ? read_settings(*home) : std::unexpected(home.error());
    if (!settings) {
        return std::unexpected(settings.error());
    }
    std::fputs(describe_settings(*settings).c_str(), stdout);
    return {};
}

int run(int argc, char** argv) {
    CLI::App app(
        "The ThreadRunner daemon. `threadrunner` starts it when it is needed; run it by "
        "hand with `threadrunner serve`.");
    std::optional<std::string> socket;
    int ready_fd = -1;
    app.add_option("--socket", socket, "listen here rather than in the home");
    app.add_option("--ready-fd", ready_fd, "write one line to this descriptor when ready");
    bool only_list_settings = false;
    app.add_flag("--settings", only_list_settings,
                 "list every setting with its value in effect, and serve nothing");
    app.set_version_flag("--version", std::string(version));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a log at a limit of its size is a full disk, no reason to end
    raise_descriptor_limit();
    ReadyPipe pipe(ready_fd);
    const auto served = only_list_settings ? list_settings() : serve(socket, pipe);
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
