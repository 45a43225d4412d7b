#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/standard_descriptors.h"
#include "base/unique_fd.h"
#include "base/version.h"
#include "sandbox/confinement.h"
#include "sandbox/host.h"
#include "sandbox/log_line.h"
#include "sandbox/runtime.h"

namespace {

using namespace threadrunner;

constexpr int worker_fd = 3;

constexpr const char* help =
    "threadrunner-sandbox: runs one WebAssembly module for threadrunner-daemon, which starts it\n"
    "and speaks to it over file descriptor 3; the module's own frames go over stdin and stdout.\n"
    "Arguments: --help, --version, and --confinement, which prints what keeps a module in on this\n"
    "kernel, as JSON.\n";

int answer(std::string_view argument) {
    if (argument == "--version") {
        std::printf("threadrunner-sandbox %s (Wasmtime %s)\n", version.data(),
                    sandbox::wasmtime_version.data());
        return EXIT_SUCCESS;
    }
    if (argument == "--confinement") {
        wire::Json means = sandbox::describe_confinement();
        means["version"] = version;
        means["wasmtime"] = sandbox::wasmtime_version;
        std::printf("%s\n", wire::encode_json(means).c_str());
        return EXIT_SUCCESS;
    }
    const bool asked = argument == "--help";
    std::fputs(help, asked ? stdout : stderr);
    return asked ? EXIT_SUCCESS : static_cast<int>(ExitCode::usage);
}

/// SIGTERM as a descriptor that becomes readable; before the first thread, which would die of it.
Result<UniqueFd> open_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGINT, SIG_IGN);  // the terminal's word to the command, not to its workers
    std::signal(SIGPIPE, SIG_IGN);
    UniqueFd fd(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd) {
        return fail_system(ErrorCode::internal, "cannot open a signalfd", errno);
    }
    return fd;
}

Result<int> serve() {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(worker_fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        return fail(ErrorCode::invalid_request,
                    "file descriptor 3 is no socket; threadrunner-daemon starts this program, "
                    "people do not");
    }
    if (auto given_up = sandbox::give_up_privileges(); !given_up) {
        return std::unexpected(given_up.error());
    }
    auto signals = open_signals();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    UniqueFd bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!bell) {
        return fail_system(ErrorCode::internal, "cannot open an eventfd", errno);
    }
    // never destroyed: the module's thread may be anywhere when it ends
    auto* const host = new sandbox::Host(worker_fd, *std::move(signals), std::move(bell));
    return host->run();
}

}  // namespace

int main(int argc, char** argv) {
    open_standard_descriptors();
    if (argc > 1) {
        return answer(argv[1]);
    }
    const auto status = serve();
    if (!status) {
        sandbox::write_log_line("error", status.error().message);
    }
    ::_exit(status.value_or(EXIT_FAILURE));
}
