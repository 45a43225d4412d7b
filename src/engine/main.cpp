#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/paths.h"
#include "base/version.h"
#include "engine/backends.h"
#include "engine/devices.h"
#include "engine/llama_log.h"
#include "engine/stream.h"

namespace {

using namespace threadrunner;

constexpr int worker_fd = 3;

constexpr const char* help =
    "threadrunner-engine: runs one language model for threadrunner-daemon, which starts it and\n"
    "speaks to it over file descriptor 3. Arguments: --help, --version, and --devices, which "
    "prints\n"
    "what llama.cpp computes with here, as JSON.\n";

std::string_view level_word(engine::LogLevel level) {
    switch (level) {
        case engine::LogLevel::error:
            return "error: ";
        case engine::LogLevel::warning:
            return "warning: ";
        case engine::LogLevel::info:
            return "info: ";
        case engine::LogLevel::debug:
            break;
    }
    return "debug: ";
}

/// One write a line: lines of several threads must not mix.
void write_line(engine::LogLevel level, std::string_view text) {
    std::string line(level_word(level));
    line += text.substr(0, limits::log_line_bytes_max);
    line += '\n';
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

/// llama.cpp's account of what it does is long; the daemon's log wants it only on demand.
bool wants_debug() {
    auto filter = environment("THREADRUNNER_LOG");
    filter = filter ? filter : environment("RUST_LOG");
    return filter &&
           (filter->find("debug") != filter->npos || filter->find("trace") != filter->npos);
}

/// In place of ggml's handler, which would start a debugger for a backtrace.
void die_of_exception() {
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const std::exception& error) {
        write_line(engine::LogLevel::error, std::string("uncaught exception: ") + error.what());
    } catch (...) {
        write_line(engine::LogLevel::error, "uncaught exception");
    }
    std::abort();
}

/// Beside this program lies what it computes with, if it does not have it inside.
Result<void> load_backends() {
    std::error_code fault;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", fault);
    if (fault) {
        return fail_system(ErrorCode::internal, "cannot read /proc/self/exe", fault.value());
    }
    return engine::load_backends(self.parent_path());
}

Result<void> serve() {
    auto signals = engine::open_signals();
    if (!signals) {
        return std::unexpected(signals.error());
    }
    engine::capture_llama_log(&write_line, wants_debug());
    if (auto loaded = load_backends(); !loaded) {
        return loaded;
    }
    return engine::serve(worker_fd, std::move(*signals));
}

int print_devices() {
    engine::capture_llama_log(&write_line, false);
    if (auto loaded = load_backends(); !loaded) {
        write_line(engine::LogLevel::error, loaded.error().message);
        return EXIT_FAILURE;
    }
    std::printf("%s\n", wire::encode_json(engine::describe_devices()).c_str());
    return EXIT_SUCCESS;
}

int answer(std::string_view argument) {
    if (argument == "--version") {
        std::printf("threadrunner-engine %s (llama.cpp %s, %s)\n", version.data(),
                    llama_version.data(), llama_commit.data());
        return EXIT_SUCCESS;
    }
    if (argument == "--devices") {
        return print_devices();
    }
    const bool asked = argument == "--help";
    std::fputs(help, asked ? stdout : stderr);
    return asked ? EXIT_SUCCESS : static_cast<int>(ExitCode::usage);
}

}  // namespace

int main(int argc, char** argv) {
    std::set_terminate(&die_of_exception);
    if (argc > 1) {
        return answer(argv[1]);
    }
    const auto served = serve();
    if (!served) {
        write_line(engine::LogLevel::error, served.error().message);
    }
    // without destructors: threads that compute may be anywhere
    ::_exit(served ? EXIT_SUCCESS : EXIT_FAILURE);
}
